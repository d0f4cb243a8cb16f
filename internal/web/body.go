package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
)

// JSON returns a handler for a function that takes a JSON object. The body is read strictly before
// the function is called: application/json exactly, one object, known members only, each once,
// names compared to the letter, right types and never null, good UTF-8, at most 64 KiB.
func JSON[T any](serve func(w http.ResponseWriter, r *http.Request, in T) error) Handler {
	return Handler{JSONBody, func(w http.ResponseWriter, r *http.Request) error {
		var in T
		if err := readJSON(r, &in); err != nil {
			return err
		}
		return serve(w, r, in)
	}}
}

// OptionalJSON is JSON for routes where no body at all is the zero T.
func OptionalJSON[T any](serve func(w http.ResponseWriter, r *http.Request, in T) error) Handler {
	return Handler{OptionalJSONBody, func(w http.ResponseWriter, r *http.Request) error {
		var in T
		if r.ContentLength != 0 || r.Header.Get("Content-Type") != "" {
			if err := readJSON(r, &in); err != nil {
				return err
			}
		}
		return serve(w, r, in)
	}}
}

// None stands for no body, of a request or of an answer.
type None struct{}

// Call returns a handler for a function that knows nothing of HTTP: it takes a JSON object as JSON
// does, or None, and what it returns is answered as JSON; None with 204 No Content.
func Call[In, Out any](do func(ctx context.Context, by audit.Caller, in In) (Out, error)) Handler {
	answer := func(w http.ResponseWriter, r *http.Request, in In) error {
		out, err := do(r.Context(), Caller(r), in)
		if err != nil {
			return err
		}
		if _, none := any(out).(None); none {
			return NoContent(w)
		}
		return WriteJSON(w, http.StatusOK, out)
	}
	var nothing In
	if _, none := any(nothing).(None); none {
		return NoBody(func(w http.ResponseWriter, r *http.Request) error { return answer(w, r, nothing) })
	}
	return JSON(answer)
}

// readJSON decodes the body into the struct that into points to.
func readJSON(r *http.Request, into any) error {
	if !isMedia(r, "application/json") {
		return fault.New(fault.UnsupportedMediaType)
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	return decode(body, into)
}

// readBody returns the body, whole. The faults are body_too_large and malformed_body.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.New(fault.BodyTooLarge).Because(tooLarge)
	}
	if err != nil {
		return nil, fault.New(fault.MalformedBody).Because(err)
	}
	return body, nil
}

// decode reads one JSON object strictly. standards ER-05
func decode(body []byte, into any) error {
	if kind := jsontext.Value(body).Kind(); kind != '{' {
		return fault.New(fault.MalformedBody).Because(errors.New("the body is not an object"))
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(false),
		jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false), json.WithUnmarshalers(noNull))
	if err == nil {
		return nil
	}
	return fromJSON(err)
}

// noNull refuses null wherever it stands: it is no text, no number and no list, and taking
// it for a member that is missing would be guessing.
var noNull = json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ any) error {
	if d.PeekKind() == 'n' {
		return errNull
	}
	return errors.ErrUnsupported // that is: as otherwise
})

// errNull is the mistake of a member that is null.
var errNull = errors.New("null")

// fromJSON says what is wrong with a body, and where. The parser's own words stay in the
// log's cause only as far as they quote no values.
func fromJSON(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return fault.New(fault.MalformedBody).Because(errors.New("the body is not JSON, or a name stands in it twice"))
	}
	member := strings.TrimPrefix(string(semantic.JSONPointer), "/")
	if len(member) > 64 {
		member = member[:64]
	}
	if errors.Is(err, json.ErrUnknownName) {
		return fault.BadField(strings.ToValidUTF8(member, ""), "unknown", "This route does not have this field.")
	}
	return fault.BadField(strings.ToValidUTF8(member, ""), "wrong_type", "This field has the wrong type.")
}

// isMedia reports whether the body's media type is this one exactly, with charset=utf-8 at most,
// and is not compressed (RFC 9110 §8.4). A browser sends JSON across origins only after asking.
// standards XO-05
func isMedia(r *http.Request, want string) bool {
	values := r.Header.Values("Content-Type")
	if len(values) != 1 || r.Header.Get("Content-Encoding") != "" {
		return false
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil || media != want || len(params) > 1 {
		return false
	}
	charset, given := params["charset"]
	return len(params) == 0 || given && strings.EqualFold(charset, "utf-8")
}
