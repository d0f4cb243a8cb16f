// Checks with jose.
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** Gives the subject of a token that meets the demand; throws otherwise. */
export async function check({ token, jwks, issuer, audience, type, algorithm, now, leeway }) {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), {
    issuer, audience, typ: type, algorithms: [algorithm], requiredClaims: ['exp'], clockTolerance: leeway, currentDate: new Date(now * 1000),
  });
  return payload.sub;
}
