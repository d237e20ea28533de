// JSON Web Tokens of the tests, good and bad ones, made without a library.
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
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
