// Checks with fast-jwt; node:crypto reads the key.
import { createPublicKey } from 'node:crypto';
import { createVerifier } from 'fast-jwt';

/** Gives the subject of a token that meets the demand; throws otherwise. */
export async function check({ token, jwks, issuer, audience, type, algorithm, now, leeway }) {
  const verify = createVerifier({
    key: ({ header }) => publicKey(jwks, header.kid), algorithms: [algorithm], allowedIss: issuer, allowedAud: audience, checkTyp: type,
    requiredClaims: ['exp', 'iss', 'aud'], clockTolerance: leeway * 1000, clockTimestamp: now * 1000,
  });
  return (await verify(token)).sub;
}

/** Fetches the key set and gives one key of it as PEM, which is what fast-jwt reads. */
async function publicKey(jwks, kid) {
  const { keys } = await (await fetch(jwks)).json();
  const key = keys.find((k) => k.kid === kid);
  if (!key) throw new Error('no such key');
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
}
