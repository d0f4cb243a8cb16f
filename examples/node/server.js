// A service that checks Handstamp's access tokens by itself. It knows only the issuer's URL:
// it fetches the public keys from there, follows what ends early, and asks nothing for each request.
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Feed } from './feed.js';

const issuer = process.env.ISSUER ?? 'http://localhost:8787';
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

const feed = new Feed(issuer, process.env.SERVICE_KEY); // from handstamp service create; none on loopback

const demands = {
  issuer,
  audience: process.env.AUDIENCE ?? issuer,
  typ: 'at+jwt',
  algorithms: ['ES256'], // ours to fix, never the token's to choose (RFC 8725 §3.1)
  requiredClaims: ['sub', 'exp', 'iat'],
  clockTolerance: 30, // seconds
};

// What jose says of a bad token; anything else is about the keys, which the caller cannot help.
const badToken = /^ERR_(JWT_|JWS_|JWKS_NO_MATCHING_KEY|JOSE_ALG_NOT_ALLOWED|JOSE_NOT_SUPPORTED)/;

/** Lets a request through when it carries a good access token, whose claims are then in res.locals.claims. */
async function signedIn(req, res, next) {
  res.set('Cache-Control', 'no-store');
  const token = /^Bearer +(\S+)$/i.exec(req.get('Authorization') ?? '')?.[1];
  if (!token) return res.status(401).set('WWW-Authenticate', 'Bearer').json({ title: 'Please sign in.' });
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, demands);
    if (feed.ended(payload, protectedHeader.kid)) return res.status(401).set('WWW-Authenticate', 'Bearer error="invalid_token"').json({ title: 'Please sign in again.' });
    res.locals.claims = payload;
  } catch (err) {
    if (badToken.test(err.code)) return res.status(401).set('WWW-Authenticate', 'Bearer error="invalid_token"').json({ title: 'Please sign in again.' });
    console.error(err);
    return res.status(503).json({ title: 'Please try again in a moment.' });
  }
  next();
}

const app = express().disable('x-powered-by');
app.get('/hello', signedIn, (req, res) => res.json({ hello: res.locals.claims.sub, session: res.locals.claims.sid }));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (err) => {
  if (err) throw err;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
