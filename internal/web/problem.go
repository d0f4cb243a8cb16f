package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/verify"
)

// problem is a refusal for programs. RFC 9457 §3
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Code      fault.Code    `json:"code"`
	Reason    string        `json:"reason,omitempty"`
	RequestID string        `json:"request_id"`
	Errors    []fault.Field `json:"errors,omitempty"`
}

// statusOfKind is what a kind is in HTTP.
var statusOfKind = map[fault.Kind]int{
	fault.Internal:    http.StatusInternalServerError,
	fault.Invalid:     http.StatusBadRequest,
	fault.Unproven:    http.StatusUnauthorized,
	fault.Denied:      http.StatusForbidden,
	fault.Missing:     http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Limited:     http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// statusOfCode is for the codes that HTTP has a word of its own for.
var statusOfCode = map[fault.Code]int{
	fault.BodyTooLarge:         http.StatusRequestEntityTooLarge,
	fault.UnsupportedMediaType: http.StatusUnsupportedMediaType,
	fault.MethodNotAllowed:     http.StatusMethodNotAllowed,
	fault.WrongHost:            http.StatusMisdirectedRequest,
}

// Status returns the HTTP status of a fault.
func Status(f *fault.Fault) int {
	if status, ok := statusOfCode[f.Code]; ok {
		return status
	}
	return statusOfKind[f.Kind]
}

// Refused notes for the log that a request is refused, sets the headers that go with it in
// any form, and returns the fault for the surface to put into words.
func Refused(w http.ResponseWriter, r *http.Request, err error) *fault.Fault {
	f := fault.From(err)
	visitOf(r).fault(f)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	if refusal, ok := errors.AsType[*verify.Error](err); ok && refusal.Challenge() != "" {
		h.Set("WWW-Authenticate", refusal.Challenge())
	} else if f.Kind == fault.Unproven {
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2
	}
	return f
}

// RefuseProblem refuses in the form for programs: application/problem+json.
func RefuseProblem(w http.ResponseWriter, r *http.Request, err error) {
	f := Refused(w, r, err)
	status := Status(f)
	body, encodingErr := json.Marshal(problem{
		Type: "urn:handstamp:error:" + string(f.Code), Title: f.Say, Status: status, Code: f.Code,
		Reason: f.Reason, RequestID: RequestID(r), Errors: f.Fields,
	})
	if encodingErr != nil { // not UTF-8 in a member's name: say the rest
		body, _ = json.Marshal(problem{Type: "urn:handstamp:error:" + string(f.Code), Title: f.Say, Status: status,
			Code: f.Code, RequestID: RequestID(r)})
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(body)
}

// oauthError is a refusal in the form of OAuth. RFC 6749 §5.2
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	RequestID   string `json:"request_id"`
}

// oauthErrors is what a kind is in OAuth. RFC 6749 §4.1.2.1, §5.2
var oauthErrors = map[fault.Kind]string{
	fault.Internal: "server_error", fault.Unavailable: "temporarily_unavailable", fault.Unproven: "invalid_client",
}

// RefuseOAuth refuses in the form of OAuth: the status as elsewhere, and one of few words.
func RefuseOAuth(w http.ResponseWriter, r *http.Request, err error) {
	f := Refused(w, r, err)
	said := oauthError{cmp.Or(oauthErrors[f.Kind], "invalid_request"), f.Say, RequestID(r)}
	if _, _, basic := r.BasicAuth(); basic && f.Kind == fault.Unproven { // the scheme that was tried: RFC 6749 §5.2
		w.Header().Set("WWW-Authenticate", `Basic realm="handstamp"`)
	}
	if err := WriteJSON(w, Status(f), said); err != nil {
		w.WriteHeader(Status(f)) // cannot be: texts of ours are JSON
	}
}

// WriteJSON answers with a value as JSON.
func WriteJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return WriteBody(w, status, body)
}

// WriteBody answers with a JSON text.
func WriteBody(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // the client is gone; there is nobody to answer
	return nil
}

// NoContent answers that it is done, and no more.
func NoContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
