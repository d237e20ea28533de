// JSON Web Tokens of the tests, good and bad ones, made without a library.
import { createHmac, createSign, generateKeyPairSync, sign } from 'node:crypto';
import { jwtSecret } from './gateway.mjs';
import { tenantA } from './shop.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const now = () => Math.floor(Date.now() / 1000);

// The claims of a good token; further ones replace or, if undefined, remove some.
export const claims = (further = {}) => ({ role: 'eryxon_api', tenant_id: tenantA, exp: now() + 3600, ...further });

// A token signed with HMAC; the algorithm in its header can be another than the one that signs.
export function hmacToken(
    payload = claims(),
    { secret = jwtSecret, header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256' } = {},
) {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

// A token without a signature.
export const unsignedToken = (alg, payload = claims()) => `${encode({ alg, typ: 'JWT' })}.${encode(payload)}.`;

// A pair of RSA keys in PEM.
export function rsaKeys() {
    return generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
}

// A token signed with a private RSA key.
export function rsaToken(privateKey, payload = claims(), alg = 'RS256') {
    const text = `${encode({ alg, typ: 'JWT' })}.${encode(payload)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`;
}

// A pair of keys for ES256 or EdDSA, with the public one as PEM and as JSON Web Key.
export function keyPair(alg, kid) {
    const pair = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' });
    return { alg, kid, privateKey: pair.privateKey, pem, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

// A token signed with such a pair; further members for its header.
export function signedToken({ alg, kid, privateKey }, payload = claims(), header = {}) {
    const text = `${encode({ alg, kid, ...header })}.${encode(payload)}`;
    const signature = sign(alg === 'ES256' ? 'sha256' : null, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
}
