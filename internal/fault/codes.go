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
}

// catalogue lists every code once.
var catalogue = map[Code]entry{ // code → what it means
	InternalError:            {Internal, "Something went wrong on our side.", "Report it with the request_id; the log has the cause.", 0},
	InvalidRequest:           {Invalid, "The request is not valid.", "Correct the members that errors names.", 0},
	MalformedBody:            {Invalid, "The body is not the JSON object that this route takes.", "Send one JSON object with only the documented members, each once, in UTF-8.", 0},
	BodyTooLarge:             {Invalid, "The body is too large.", "Send at most 64 KiB.", 0},
	UnsupportedMediaType:     {Invalid, "This route takes another media type.", "Send Content-Type: application/json to the API; forms go to pages.", 0},
	MethodNotAllowed:         {Invalid, "This address does not take that method.", "Use a method that the Allow header lists.", 0},
	NotFound:                 {Missing, "There is nothing at this address.", "Check the path against docs/http-api.md.", 0},
	WrongHost:                {Invalid, "This server does not answer under that host name.", "Reach it under public_url, or let the proxy keep the Host header.", 0},
	CrossOrigin:              {Denied, "This request came from another site.", "Send it from the server's own origin, or list the origin in allowed_origins.", 0},
	InvalidCredentials:       {Unproven, "That e-mail address and password do not belong together.", "Ask the person again. The answer is the same for an unknown address.", 0},
	MissingToken:             {Unproven, "Sign in first.", "Send an access token in the Authorization header or the access cookie.", 0},
	InvalidToken:             {Unproven, "The token is not valid.", "Refresh, or sign in again.", 0},
	TokenExpired:             {Unproven, "The access token has expired.", "Refresh.", 0},
	TooManyBadTokens:         {Limited, "The token is not valid, like many before it from your address.", "Send a good token, at any time; another bad one after Retry-After seconds at the earliest.", time.Second},
	SessionEnded:             {Unproven, "Your session has ended.", "Sign in again; reason says why it ended.", 0},
	Superseded:               {Conflict, "A newer token has already been used.", "Read the newest stored token, wait a second and refresh again, at most three times; then sign in.", 0},
	ReauthenticationRequired: {Unproven, "Please sign in again to do this.", "Sign in again, then repeat the request.", 0},
	InsufficientScope:        {Denied, "You are not allowed to do this.", "Ask for the role or scope that the WWW-Authenticate header names.", 0},
	InsufficientRole:         {Denied, "You are not allowed to do this.", "Ask for the role; only an admin or the operator gives it.", 0},
	KeysUnavailable:          {Unavailable, "Tokens cannot be checked at this moment.", "Repeat the same request after Retry-After seconds.", time.Second},
	RevocationsUnavailable:   {Unavailable, "Whether your session has ended cannot be checked at this moment.", "Repeat the same request after Retry-After seconds.", 2 * time.Second},
	EmailTaken:               {Conflict, "There is already a user with this e-mail address.", "Sign in instead.", 0},
	SignupClosed:             {Denied, "This server takes no new sign-ups.", "Ask whoever runs it to make a user.", 0},
	SetupDone:                {Conflict, "There is an admin already.", "Sign in as the admin, or make another with handstamp user create --admin.", 0},
	UserNotFound:             {Missing, "There is no such user.", "List the users.", 0},
	SessionNotFound:          {Missing, "There is no such session, or it has ended already.", "List the sessions.", 0},
	StorageUnavailable:       {Unavailable, "The server cannot reach its database at this moment.", "Repeat the same request after Retry-After seconds; a refresh token stays good.", time.Second},
	DatabaseInUse:            {Conflict, "Another server is running on this database.", "Stop the other server first; for several nodes, use PostgreSQL.", 0},
	InvalidServiceKey:        {Unproven, "This route is for services.", "Send a service key in the Authorization header; handstamp service create makes one.", 0},
	ServiceNotFound:          {Missing, "There is no such service key, or it is revoked already.", "List them with handstamp service list.", 0},
	ServiceNameTaken:         {Conflict, "There is a service key with this name already.", "Choose another name, or revoke that key first.", 0},
	KeyNotFound:              {Missing, "There is no such signing key.", "List them with handstamp key list.", 0},
	Overloaded:               {Unavailable, "Too many people are signing in at this moment.", "Repeat the same request after Retry-After seconds.", 2 * time.Second},
}

// Entry is one line of the list of codes, for docs/errors.md.
type Entry struct {
	Code Code   // for programs
	Kind Kind   // what to do next, coarse
	Say  string // for people
	Do   string // for programmers
}

// Catalogue gives every code, for the document and the tests that are made from it.
func Catalogue() []Entry {
	all := make([]Entry, 0, len(catalogue))
	for code, e := range catalogue {
		all = append(all, Entry{Code: code, Kind: e.kind, Say: e.say, Do: e.do})
	}
	return all
}
