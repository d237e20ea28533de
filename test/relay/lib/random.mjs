// Random numbers that a seed repeats.

// A generator of numbers from 0 up to 1 (xorshift of 32 bits).
export function randomFrom(seed) {
    let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
    const next = () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) / 2 ** 32;
    };
    for (let n = 0; n < 8; ++n) next();
    return next;
}

// Chooses one of the names by their shares, which sum up to 1: the first takes what the others leave.
export function choose(shares, random) {
    let rest = random();
    const names = Object.keys(shares);
    for (const name of names.slice(1)) {
        rest -= shares[name];
        if (rest < 0) return name;
    }
    return names[0];
}
