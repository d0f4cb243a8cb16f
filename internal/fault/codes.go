package fault

import "time"

// Code names a fault for programs. A released code is never renamed or reused.
type Code string

// Every code there is. docs/errors.md is made from this file.
const (
	InternalError            Code = "internal"
	InvalidRequest           Code = "invalid_request"
	MalformedBody            Code = "malformed_body"
	BodyTooLarge             Code = "body_too_large"
	UnsupportedMediaType     Code = "unsupported_media_type"
	MethodNotAllowed         Code = "method_not_allowed"
	NotFound                 Code = "not_found"
	WrongHost                Code = "wrong_host"
	CrossOrigin              Code = "cross_origin"
	InvalidCredentials       Code = "invalid_credentials"
	MissingToken             Code = "missing_token"
	InvalidToken             Code = "invalid_token"
	TokenExpired             Code = "token_expired"
	TooManyBadTokens         Code = "too_many_bad_tokens"
	SessionEnded             Code = "session_ended"
	Superseded               Code = "superseded"
	ReauthenticationRequired Code = "reauthentication_required"
	InsufficientScope        Code = "insufficient_scope"
	InsufficientRole         Code = "insufficient_role"
	KeysUnavailable          Code = "keys_unavailable"
	RevocationsUnavailable   Code = "revocations_unavailable"
	EmailTaken               Code = "email_taken"
	SignupClosed             Code = "signup_closed"
	SetupDone                Code = "setup_done"
	UserNotFound             Code = "user_not_found"
	SessionNotFound          Code = "session_not_found"
	StorageUnavailable       Code = "storage_unavailable"
	Overloaded               Code = "overloaded"
	DatabaseInUse            Code = "database_in_use"
	InvalidServiceKey        Code = "invalid_service_key"
	ServiceNotFound          Code = "service_not_found"
	ServiceNameTaken         Code = "service_name_taken"
	KeyNotFound              Code = "key_not_found"
)

// entry is what the catalogue knows of a code.
type entry struct {
	kind       Kind
	say        string        // for people
	do         string        // for programmers: what to do about it
	retryAfter time.Duration // zero: waiting does not help
	redisplay  bool          // a form that is refused so comes back, to be corrected or sent once more
}

// catalogue lists every code once.
var catalogue = map[Code]entry{ // code → what it means
	InternalError: {
		kind: Internal,
		say:  "Something went wrong on our side.",
		do:   "Report it with the `request_id`; the server's log has the cause.",
	},
	InvalidRequest: {
		kind:      Invalid,
		say:       "The request is not valid.",
		do:        "Fix the fields listed in `errors`.",
		redisplay: true,
	},
	MalformedBody: {
		kind: Invalid,
		say:  "The body is malformed.",
		do:   "Send one JSON object (a form to OAuth routes) with only the documented fields, each once, in UTF-8.",
	},
	BodyTooLarge: {
		kind: Invalid,
		say:  "The body is too large.",
		do:   "Send at most 64 KiB.",
	},
	UnsupportedMediaType: {
		kind: Invalid,
		say:  "This route does not accept that content type.",
		do:   "Send `Content-Type: application/json` to the API, and forms to pages and OAuth routes.",
	},
	MethodNotAllowed: {
		kind: Invalid,
		say:  "This address does not support that method.",
		do:   "Use a method listed in the `Allow` header.",
	},
	NotFound: {
		kind: Missing,
		say:  "There is nothing at this address.",
		do:   "Check the path against docs/http-api.md.",
	},
	WrongHost: {
		kind: Invalid,
		say:  "This server does not answer requests for that host name.",
		do:   "Reach it under public_url, or let the proxy keep the Host header.",
	},
	CrossOrigin: {
		kind: Denied,
		say:  "This request came from another site.",
		do:   "Send it from the server's own origin, or list the origin in allowed_origins.",
	},
	InvalidCredentials: {
		kind:      Unproven,
		say:       "Wrong e-mail address or password.",
		do:        "Ask the user again. The answer is the same for an unknown address.",
		redisplay: true,
	},
	MissingToken: {
		kind: Unproven,
		say:  "Sign in first.",
		do:   "Send an access token in the Authorization header or the access cookie.",
	},
	InvalidToken: {
		kind: Unproven,
		say:  "The token is not valid.",
		do:   "Refresh, or sign in again.",
	},
	TokenExpired: {
		kind: Unproven,
		say:  "The access token has expired.",
		do:   "Refresh.",
	},
	TooManyBadTokens: {
		kind:       Limited,
		say:        "Too many invalid tokens have come from your address.",
		do:         "Send a good token, at any time; another bad one after `Retry-After` seconds at the earliest.",
		retryAfter: time.Second,
	},
	SessionEnded: {
		kind: Unproven,
		say:  "Your session has ended.",
		do:   "Sign in again; `reason` says why it ended.",
	},
	Superseded: {
		kind: Conflict,
		say:  "A newer token has already been used.",
		do:   "Read the newest stored token, wait a second and refresh again, at most three times; then sign in.",
	},
	ReauthenticationRequired: {
		kind: Unproven,
		say:  "Please sign in again to do this.",
		do:   "Sign in again, then repeat the request.",
	},
	InsufficientScope: {
		kind: Denied,
		say:  "You are not allowed to do this.",
		do:   "Ask for the role or scope that the `WWW-Authenticate` header names.",
	},
	InsufficientRole: {
		kind: Denied,
		say:  "You are not allowed to do this.",
		do:   "Ask an admin or the operator for the role.",
	},
	KeysUnavailable: {
		kind:       Unavailable,
		say:        "Your sign-in cannot be checked right now.",
		do:         "Repeat the same request after `Retry-After` seconds.",
		retryAfter: time.Second,
	},
	RevocationsUnavailable: {
		kind:       Unavailable,
		say:        "Your sign-in cannot be checked right now.",
		do:         "Repeat the same request after `Retry-After` seconds.",
		retryAfter: 2 * time.Second,
	},
	EmailTaken: {
		kind:      Conflict,
		say:       "There is already a user with this e-mail address.",
		do:        "Sign in instead.",
		redisplay: true,
	},
	SignupClosed: {
		kind:      Denied,
		say:       "Sign-up is closed on this server.",
		do:        "Ask the operator to create a user.",
		redisplay: true,
	},
	SetupDone: {
		kind: Conflict,
		say:  "There is already an admin.",
		do:   "Sign in as the admin, or create another with handstamp user create --admin.",
	},
	UserNotFound: {
		kind: Missing,
		say:  "There is no such user.",
		do:   "List the users.",
	},
	SessionNotFound: {
		kind: Missing,
		say:  "There is no such session, or it has already ended.",
		do:   "List the sessions.",
	},
	StorageUnavailable: {
		kind:       Unavailable,
		say:        "The server cannot reach its database right now.",
		do:         "Repeat the same request after `Retry-After` seconds; a refresh token stays good.",
		retryAfter: time.Second,
		redisplay:  true,
	},
	DatabaseInUse: {
		kind: Conflict,
		say:  "Another server is running on this database.",
		do:   "Stop the other server first; for several nodes, use PostgreSQL.",
	},
	InvalidServiceKey: {
		kind: Unproven,
		say:  "This route needs a service key.",
		do:   "Send a service key in the Authorization header; handstamp service create makes one.",
	},
	ServiceNotFound: {
		kind: Missing,
		say:  "There is no such service key, or it has already been revoked.",
		do:   "List them with handstamp service list.",
	},
	ServiceNameTaken: {
		kind: Conflict,
		say:  "There is already a service key with this name.",
		do:   "Choose another name, or revoke that key first.",
	},
	KeyNotFound: {
		kind: Missing,
		say:  "There is no such signing key.",
		do:   "List them with handstamp key list.",
	},
	Overloaded: {
		kind:       Unavailable,
		say:        "Too many people are signing in right now.",
		do:         "Repeat the same request after `Retry-After` seconds.",
		retryAfter: 2 * time.Second,
		redisplay:  true,
	},
}

// Entry is one line of the list of codes, for docs/errors.md.
type Entry struct {
	Code Code   // for programs
	Kind Kind   // what to do next, coarse
	Say  string // for people
	Do   string // for programmers
}

// Catalogue returns every code, for the document and the tests that are made from it.
func Catalogue() []Entry {
	all := make([]Entry, 0, len(catalogue))
	for code, e := range catalogue {
		all = append(all, Entry{Code: code, Kind: e.kind, Say: e.say, Do: e.do})
	}
	return all
}
