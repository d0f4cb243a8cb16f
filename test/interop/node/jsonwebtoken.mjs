// Checks with jsonwebtoken; jwks-rsa finds the key.
import jwt from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';

/** Gives the subject of a token that meets the demand; throws otherwise. */
export async function check({ token, jwks, issuer, audience, type, algorithm, now, leeway }) {
  const { kid } = jwt.decode(token, { complete: true }).header;
  const key = await jwksClient({ jwksUri: jwks }).getSigningKey(kid);
  const { header, payload } = jwt.verify(token, key.getPublicKey(), {
    issuer, audience, algorithms: [algorithm], clockTolerance: leeway, clockTimestamp: now, complete: true,
  });
  if (header.typ !== type) throw new Error('typ compared by hand');
  return payload.sub;
}
