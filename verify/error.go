package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// Code names a refusal for programs. Codes are never renamed.
type Code string

// Every way a request is refused. What is wrong with a token is not told apart, so that nobody can
// probe with forgeries; only the holder of a correctly signed one learns that it is too old.
const (
	CodeMissingToken     Code = "missing_token"             // 401: no credential came
	CodeInvalidToken     Code = "invalid_token"             // 401: it is not one of ours, not for us, or ended
	CodeTokenExpired     Code = "token_expired"             // 401: correctly signed, and too old
	CodeInvalidRequest   Code = "invalid_request"           // 400: two credentials, or half of one
	CodeCrossOrigin      Code = "cross_origin"              // 403: another site sent the cookie along
	CodeScopeMissing     Code = "insufficient_scope"        // 403: the route demands a scope
	CodeRoleMissing      Code = "insufficient_role"         // 403: the route demands a role
	CodeReauthentication Code = "reauthentication_required" // 401: sign in again, or more strongly
	CodeKeysUnavailable  Code = "keys_unavailable"          // 503: no key to check with; try again
	CodeTooManyBadTokens Code = "too_many_bad_tokens"       // 429: not one of ours, like many before from this address

	// 503: what ended early is not known well enough for this route; try again.
	CodeRevocationsUnavailable Code = "revocations_unavailable"
)

// answer is what a code means in HTTP, and to a person
type answer struct {
	status  int
	title   string
	counter counter
}

// answers lists what each code means
var answers = map[Code]answer{
	CodeMissingToken:     {http.StatusUnauthorized, "Sign in first.", countMissingToken},
	CodeInvalidToken:     {http.StatusUnauthorized, "The token is not valid.", countInvalidToken},
	CodeTokenExpired:     {http.StatusUnauthorized, "The access token has expired.", countTokenExpired},
	CodeInvalidRequest:   {http.StatusBadRequest, "The request is not valid.", countInvalidRequest},
	CodeCrossOrigin:      {http.StatusForbidden, "This request came from another site.", countCrossOrigin},
	CodeScopeMissing:     {http.StatusForbidden, "You are not allowed to do this.", countScopeMissing},
	CodeRoleMissing:      {http.StatusForbidden, "You are not allowed to do this.", countRoleMissing},
	CodeReauthentication: {http.StatusUnauthorized, "Please sign in again to do this.", countReauthentication},
	CodeKeysUnavailable: {
		http.StatusServiceUnavailable,
		"Your sign-in cannot be checked right now.",
		countKeysUnavailable,
	},
	CodeTooManyBadTokens: {
		http.StatusTooManyRequests,
		"Too many invalid tokens have come from your address.",
		countTooManyBadTokens,
	},

	CodeRevocationsUnavailable: {
		http.StatusServiceUnavailable,
		"Your sign-in cannot be checked right now.",
		countRevocationsUnavailable,
	},
}

// Error is every refusal of this package. What it prints may be shown to anyone; what exactly was
// wrong is for the log alone, and found by [errors.Unwrap]. One Error may be the answer to many
// requests: read it, and never change it.
type Error struct {
	Code   Code   // for programs
	Status int    // the HTTP status
	Title  string // a sentence for a person

	// RetryAfter is how long to wait before asking again. Zero says nothing about it.
	RetryAfter time.Duration

	cause   error         // why, for the log
	counter counter       // what counts it
	forged  bool          // the issuer did not sign it, as far as anyone can tell
	session *Session      // what a correctly signed token says; nil for any other
	ended   *Session      // the same, of one refused only because it ended early; nil for any other
	realm   string        // the audience that refused
	scope   []string      // the scopes that the route demands
	maxAge  time.Duration // the freshness that the route demands; negative: none
	acr     string        // the strength that the route demands
}

// newError makes the refusal of a code
func newError(code Code, cause error) *Error {
	a := answers[code]
	return &Error{Code: code, Status: a.status, Title: a.title, maxAge: -1, cause: cause, counter: a.counter}
}

// refusals are the errors for what can be seen at a glance. They are made once, so that a flood of
// garbage leaves nothing to collect.
type refusals struct{ missing, tooLong, parts, encoding, signature, tooMany *Error }

// newRefusals makes the errors of a verifier for one audience
func newRefusals(audience string) refusals {
	of := func(code Code, cause error) *Error {
		e := newError(code, cause)
		e.realm = audience
		e.forged = code == CodeInvalidToken
		return e
	}
	r := refusals{
		missing:   of(CodeMissingToken, nil),
		tooLong:   of(CodeInvalidToken, errors.New("over 8192 bytes long")),
		parts:     of(CodeInvalidToken, errors.New("not three parts")),
		encoding:  of(CodeInvalidToken, errors.New("not strict base64url")),
		signature: of(CodeInvalidToken, jose.ErrSignature),
		tooMany:   of(CodeTooManyBadTokens, errors.New("too many bad tokens from this address")),
	}
	r.tooMany.RetryAfter = retryBad
	return r
}

// retryBad is how long to wait after too many bad tokens: the next is counted sooner, and this is
// the shortest that Retry-After can say
const retryBad = time.Second

// forged is newError for a token that the issuer did not sign
func forged(cause error) *Error {
	e := newError(CodeInvalidToken, cause)
	e.forged = true
	return e
}

// errKeyEnded is why a token is refused whose key was withdrawn early
var errKeyEnded = errors.New("its key was withdrawn")

// unknownKey is the reason to refuse a token whose kid nobody knows
type unknownKey string

// Error is for logs.
func (kid unknownKey) Error() string { return fmt.Sprintf("no key %.64q", string(kid)) }

// ofSigned is the refusal of a token that was signed correctly
func ofSigned(code Code, cause error, s *Session) *Error {
	e := newError(code, cause)
	e.session = s
	return e
}

// noKeys is the refusal while nothing can be checked
func noKeys(cause error) *Error {
	e := newError(CodeKeysUnavailable, cause)
	e.RetryAfter = retryKeys
	return e
}

// retryKeys is how soon it is worth to ask again while there are no keys
const retryKeys = 2 * time.Second

// alsoForged returns e for a request that brought a token as well that the issuer did not sign,
// which is counted; nil for nil
func (e *Error) alsoForged() *Error {
	if e == nil || e.forged {
		return e
	}
	both := *e
	both.forged = true
	return &both
}

// Error is safe to show: it never says why a token was refused.
func (e *Error) Error() string { return "verify: " + string(e.Code) }

// Unwrap is the reason, for logs only.
func (e *Error) Unwrap() error { return e.cause }

// Challenge is the value of the WWW-Authenticate header (RFC 6750 §3, RFC 9470 §3), or empty where
// no other credential would help.
func (e *Error) Challenge() string {
	params := []string{"realm=" + quoted(e.realm)}
	add := func(name, value string) { params = append(params, name+"="+quoted(value)) }
	switch e.Code {
	case CodeMissingToken: // no error code when no credential came (RFC 6750 §3.1)
	case CodeInvalidToken:
		add("error", "invalid_token")
	case CodeTokenExpired:
		add("error", "invalid_token")
		add("error_description", "the access token expired")
	case CodeInvalidRequest:
		add("error", "invalid_request")
	case CodeScopeMissing:
		add("error", "insufficient_scope")
		add("scope", strings.Join(e.scope, " "))
	case CodeRoleMissing:
		add("error", "insufficient_scope")
	case CodeReauthentication:
		add("error", "insufficient_user_authentication")
		if e.acr != "" {
			add("acr_values", e.acr)
		}
		if e.maxAge >= 0 {
			add("max_age", strconv.FormatInt(int64(e.maxAge/time.Second), 10))
		}
	default:
		return ""
	}
	return "Bearer " + strings.Join(params, ", ")
}

// quoted writes s as a quoted-string (RFC 9110 §5.6.4), of printable ASCII alone
func quoted(s string) string {
	b := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case 0x20 <= c && c < 0x7F:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// ExpiredSession returns the session of a token that was refused only for its age: correctly
// signed, by the right issuer, for this audience. It is for signing out, which should work with an
// old token too, and never for access.
func ExpiredSession(err error) (*Session, bool) {
	var e *Error
	if errors.As(err, &e) && e.Code == CodeTokenExpired && e.session != nil {
		return e.session, true
	}
	return nil, false
}

// EndedSession returns the session of a token that was refused only because its session had ended.
// It is for signing out, where somebody who is out already has what they want.
func EndedSession(err error) (*Session, bool) {
	var e *Error
	if errors.As(err, &e) && e.ended != nil {
		return e.ended, true
	}
	return nil, false
}
