package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/fault"
)

// JSON makes a handler of one that takes a JSON object. The body is read strictly before
// the handler runs: application/json exactly, one object, known members only, each once,
// names compared to the letter, right types and never null, good UTF-8, at most 64 KiB.
func JSON[T any](handle func(w http.ResponseWriter, r *http.Request, in T) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in T
		if err := read(r, &in); err != nil {
			return err
		}
		return handle(w, r, in)
	}
}

// OptionalJSON is JSON for routes where no body at all is the zero T.
func OptionalJSON[T any](handle func(w http.ResponseWriter, r *http.Request, in T) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in T
		if r.ContentLength != 0 || r.Header.Get("Content-Type") != "" {
			if err := read(r, &in); err != nil {
				return err
			}
		}
		return handle(w, r, in)
	}
}

// read decodes the body into the struct that into points to.
func read(r *http.Request, into any) error {
	if !isJSON(r) {
		return fault.New(fault.UnsupportedMediaType)
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.BodyTooLarge).Because(tooLarge)
	}
	if err != nil {
		return fault.New(fault.MalformedBody).Because(err)
	}
	return decode(body, into)
}

// decode reads one JSON object strictly. requirements ER-05
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
		return fault.BadField(strings.ToValidUTF8(member, ""), "unknown", "This route does not take such a member.")
	}
	return fault.BadField(strings.ToValidUTF8(member, ""), "wrong_type", "This member has another type.")
}

// isJSON tells whether the media type is application/json exactly, with charset=utf-8 at
// most, as it is: not compressed (RFC 9110 §8.4). A browser sends that across origins only after
// asking. requirements XO-05
func isJSON(r *http.Request) bool {
	values := r.Header.Values("Content-Type")
	if len(values) != 1 || r.Header.Get("Content-Encoding") != "" {
		return false
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil || media != "application/json" || len(params) > 1 {
		return false
	}
	charset, given := params["charset"]
	return len(params) == 0 || given && strings.EqualFold(charset, "utf-8")
}
