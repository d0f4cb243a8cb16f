// Package verify checks access tokens in net/http services. It imports the standard library only,
// asks nobody about a token, and refuses whatever two readers could understand differently.
//
// # Use
//
// Make one [Verifier] when the service starts, and put [Verifier.Require] in front of handlers:
//
//	v, err := verify.New(ctx, verify.Config{
//		Issuer:     "https://auth.example.com",         // required; exact
//		Audience:   "https://api.example.com",          // required; exact
//		ServiceKey: os.Getenv("HANDSTAMP_SERVICE_KEY"), // opens the revocation feed
//	})
//	if err != nil {
//		return err // every mistake in the configuration at once
//	}
//	defer v.Close()
//
//	mux.Handle("/api/", v.Require(api))
//	mux.Handle("/admin/", v.Require(admin, verify.Role("admin"), verify.Fresh(15*time.Minute)))
//	mux.Handle("/feed", v.Optional(feed))
//
// Behind Require, [FromContext] is the [Session] of the request and never nil. Identity is its
// Subject; it comes from the token and from nothing else in the request. Request headers are passed
// on as they came, and none is added: do not read who somebody is from a header.
//
// Other ways: [Verifier.Verify] checks a token by itself, for gRPC, WebSockets and queues.
// [Verifier.Authenticate], [Verifier.Refuse] and [NewContext] are Require in pieces, for routers
// whose middleware is not made of http.Handler. Package verifytest is an issuer for tests.
//
// # What is accepted
//
// A JWT of RFC 9068 in compact serialization, at most 8 KiB, signed with ES256, EdDSA or RS256 by a
// key that the issuer lists under exactly the token's kid and for exactly its alg. Its typ is
// at+jwt; its iss equals Config.Issuer; its aud lists Config.Audience; sub, exp and iat are there
// and of the right type. Times are judged with Config.Leeway. A token bound to a key (cnf) is
// refused, because a bearer cannot prove possession. HS256 exists only with [HMAC], which is for
// verifier and issuer in one program.
//
// Refused are also: any crit; JSON with a member twice, bytes that are not UTF-8, halves of
// surrogate pairs, more than 16 levels; base64url with padding, line ends or bits to spare. Names
// are compared exactly. Header members that carry or point to keys are never looked at. Nothing is
// decompressed.
//
// # Where the token may be
//
// In the Authorization header, as Bearer, or in the access cookie: __Host-Http-hs_access, or
// __Secure-hs_access where the issuer sets a cookie domain; plain hs_access where the issuer is
// http on loopback, and there alone. Never in the query or the body. Two different tokens, or two
// Authorization headers, are 400. Of several cookies under one name exactly one may be good. A
// refresh cookie is never read.
//
// A cookie comes along whoever makes the browser send the request. So a request with an unsafe
// method whose token came by cookie must come from this service's own origin or from
// Config.TrustedOrigins, by Fetch Metadata and Origin. Origins are compared exactly: scheme, host
// and port. With neither header the request is refused, and so is one with two of a name, one whose
// headers contradict each other, and a WebSocket handshake from elsewhere. A token in the header
// needs no such check. Answer CORS preflights before Require: they carry no token.
//
// # What is answered
//
// Problem documents (RFC 9457) that are not to be stored, with WWW-Authenticate by RFC 6750 and RFC
// 9470: 401 when there is no good token or a fresher sign-in is needed, 403 for a role, a scope or
// another origin, 400 for two credentials, 429 for too many bad tokens, 503 while there are no keys
// to check with or endings may be unknown. Why exactly a token was refused goes to Config.Logger at
// debug level and to [errors.Unwrap], and never to the client; only the holder of a correctly
// signed token learns that it has expired.
//
// A browser that opens a page gets a 303 instead of the 401: to the issuer's /session/renew, or to
// its /signin when a demand asks for a fresher or stronger sign-in, with the page's address as
// return_to. The issuer must list this service's origin in allowed_origins. A correctly signed
// token that is refused within 10 s of its making is answered 401, because another one would be
// refused as well. A browser that sends a form gets the 401 as a page, which says that nothing was
// saved and leaves the form with the browser, to be sent again. Config.NoRedirect turns both off.
//
// # Keys
//
// By default they are found by the issuer's metadata and fetched in the background: at start, well
// before their max-age runs out, and when a token names an unknown key, but for that at most once
// in 10 s. [New] does not wait and does not fail when the issuer is down; until keys arrive,
// Require answers 503. When the issuer cannot be reached later, the last keys are used for
// Config.MaxKeyAge, and then no more. [JWKS] names the address instead; [StaticJWKS] needs no
// network at all.
//
// # Ended sessions
//
// A token is good until it expires, which is minutes. With Config.ServiceKey a verifier follows the
// issuer's feed of what ended early, and refuses tokens of a session, user, client or key that did
// within a second; requests that are still running learn of it by [Session.Done] and
// [Session.Context]. Such a verifier takes no token that lives for more than 15 minutes, because
// endings are not kept for longer, and none that names no session. An issuer on loopback needs no
// service key.
//
// A feed can be cut off, which is known within 5 s. [MaxStaleness] says what a route does then: go
// by the token alone ([Accept], what routes do that do not say), ask the server about it
// ([Introspect]), or answer 503 ([Refuse]). Until the first snapshot has come, routes that do not
// say answer 503 as well. [Verifier.Status] tells where a verifier is, and how old that is.
//
// # Tokens seen before
//
// A token that was verified is remembered while it is in use, in Config.CacheBytes of memory, so
// that showing it again costs a look-up and not a signature check. Each time it is still asked
// whether it has expired, whether the issuer lists its key, and whether it ended; what a route
// demands is never remembered. Each request gets a [Session] of its own. One user's tokens take a
// small part of the memory, and so cannot push those of others out.
//
// # Bad tokens
//
// Forgeries are counted by client address, of IPv6 by /64: after 100 at once, and ten a second from
// then on, the answer is 429 with Retry-After, and they are no longer logged one by one. Good
// tokens are never slowed, from wherever they come, nor are those that have only expired; so
// sharing an address with an attacker costs nothing. What is kept of addresses takes a mebibyte,
// however many there are. [Verifier.Verify] knows no client, and slows nobody.
//
// # Behind a proxy
//
// Config.ClientAddress should say where requests come from: else all have the proxy's address, and
// one sender of forgeries has those of all others slowed. Config.PublicURL is where browsers reach
// this service, for the way back from signing in, and its own origin; it is needed only when the
// proxy rewrites Host or cuts a prefix off.
//
// net/http takes some requests that a proxy may cut off elsewhere: with a length beside chunks, or
// with lines that end without CR; what is left of one is then answered as another, of somebody
// else. Refuse ends the connection of a request that came in chunks. Against the others it helps to
// have a proxy in front that writes each request anew; and give the server a ReadTimeout.
//
// # Running it
//
// [Verifier.Status] is for health checks: no KeyIDs means that every token is answered 503, and
// KeysError says why. [Verifier.Metrics] counts what was let through and each refusal, as an
// expvar.Var. Config.Logger hears of keys that cannot be had and of addresses that are slowed as
// warnings, and of each refusal at debug level: a code, a reason and a fingerprint, from which no
// token can be made. [Verifier.Close] ends what runs in the background.
//
// # Common mistakes
//
// They stand among the examples, each beside what is right, marked Incorrect: identity from a
// header, access by [ExpiredSession], roles searched instead of compared, freshness by IssuedAt,
// the error of Verify passed over, Optional taken for Require, the reason of a refusal sent to the
// client, secrets that were typed.
//
// # What never will be
//
// A way to skip a check. A way to take the algorithm, the key or the issuer from the token. Tokens
// in the query. A session that is not nil and not verified.
package verify
