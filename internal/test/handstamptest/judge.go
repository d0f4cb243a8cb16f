package handstamptest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
	"github.com/handstamp/handstamp/internal/web/pages"
)

// Exchange is a request and its answer.
type Exchange struct {
	Method string
	Path   string // below the public URL, with its query
	Sent   string // the request's body
	Status int
	Header http.Header // of the answer
	Body   string      // of the answer
}

// Judge lists everything in an exchange that the description of the JSON surface does not
// allow: a status, a header, a media type or a member that is not described, a header or a
// member that is missing, a body that was taken although the description forbids it, and
// one that was refused for its form although the description allows it. What is not of that
// surface is not judged.
func Judge(e Exchange) []string {
	address, query, _ := strings.Cut(e.Path, "?")
	if !tables().answer(address) {
		return nil
	}
	j := judge{described: description(), Exchange: e, query: query}
	j.place = j.find(e.Method, address)
	j.judge()
	return j.found
}

// surfaces knows which addresses programs are answered at.
type surfaces struct {
	roots   []string // of the surfaces for programs
	ofPages []string // paths of pages, of which some are below these roots
}

// tables returns it, read from the tables of routes once.
var tables = sync.OnceValue(func() (s surfaces) {
	for _, surface := range api.Surfaces(api.Parts{}) {
		s.roots = append(s.roots, surface.Root)
	}
	for _, route := range pages.Surface(pages.Parts{FormKey: secret.NewMaster().Derive("forms")}).Routes {
		s.ofPages = append(s.ofPages, route.Path())
	}
	return s
})

// answer reports whether it is a surface for programs that answers for an address.
func (s surfaces) answer(address string) bool {
	below := func(root string) bool { return strings.HasPrefix(address, root) }
	return slices.ContainsFunc(s.roots, below) && !slices.Contains(s.ofPages, address)
}

// judge is one exchange under judgement.
type judge struct {
	*described
	Exchange
	place
	query string
	found []string // what is wrong
}

// wrong notes something.
func (j *judge) wrong(format string, args ...any) {
	what := fmt.Sprintf("%s %s answered %d: ", j.Method, j.Path, j.Status) + fmt.Sprintf(format, args...)
	j.found = append(j.found, what)
}

// judge looks at everything.
func (j *judge) judge() {
	responses := j.Elsewhere
	if strings.HasPrefix(j.Path, "/oauth2/") {
		responses = j.OAuth
	}
	if j.operation != nil {
		responses = j.operation.Responses
	} else {
		j.judgeElsewhere()
	}
	response, ok := responses.Get(strconv.Itoa(j.Status))
	if !ok {
		j.wrong("the status is not described; body: %.300s", j.Body)
		return
	}
	j.judgeHeaders(response)
	problem := j.judgeBody(response)
	if j.operation != nil && j.operation.Body != nil {
		j.judgeSent(problem)
	}
	if j.operation != nil && j.Status < 300 {
		j.judgeParameters()
	}
}

// judgeElsewhere holds what no operation describes to its few rules.
func (j *judge) judgeElsewhere() {
	switch {
	case j.Status == http.StatusNoContent && j.Method != http.MethodOptions:
		j.wrong("only a preflight is answered so")
	case (j.Status == http.StatusNotFound) != (j.methods == nil) && j.Status < 410:
		j.wrong("the address takes %q", j.methods)
	case j.Status == http.StatusMethodNotAllowed:
		allowed := strings.Split(j.Header.Get("Allow"), ", ")
		slices.Sort(allowed)
		slices.Sort(j.methods)
		if !slices.Equal(allowed, j.methods) {
			j.wrong("Allow = %q, want %q", allowed, j.methods)
		}
	}
}

// ofHTTP are the headers that HTTP itself has on answers.
var ofHTTP = []string{"Connection", "Content-Length", "Content-Type", "Date"}

// judgeHeaders holds the answer's headers to those described, both ways.
func (j *judge) judgeHeaders(response openapi.Response) {
	known := map[string]openapi.Header{} // as Go writes its name → what is described
	for _, h := range slices.Concat(response.Headers, j.Headers) {
		known[http.CanonicalHeaderKey(h.Name)] = h.Value
		if h.Value.Required && !response.Early && len(j.Header.Values(h.Name)) == 0 {
			j.wrong("without the header %s", h.Name)
		}
	}
	for name, values := range j.Header {
		h, ok := known[name]
		switch {
		case slices.Contains(ofHTTP, name):
			continue
		case !ok:
			j.wrong("the header %s is not described", name)
			continue
		}
		for _, value := range values {
			if what := j.headerComplaint(h.At, value); what != "" {
				j.wrong("%s: %s", name, what)
			}
		}
	}
}

// judgeBody holds the answer's body to its media type and schema, and returns it when it is a
// problem.
func (j *judge) judgeBody(response openapi.Response) (problem map[string]any) {
	media, got := openapi.Entry[openapi.Media]{}, j.Header.Get("Content-Type")
	if len(response.Content) > 0 {
		media = response.Content[0] // an answer has one form
	}
	switch {
	case got != media.Name:
		j.wrong("Content-Type is %q, want %q", got, media.Name)
		return nil
	case media.Name == "" || j.Method == http.MethodHead:
		if j.Body != "" {
			j.wrong("has a body: %.300s", j.Body)
		}
		return nil
	case !strings.HasSuffix(media.Name, "json"):
		return nil
	}
	value, err := readJSON(j.Body)
	if err != nil {
		j.wrong("%v: %.300s", err, j.Body)
		return nil
	}
	if what := j.complaint(media.Value.At, value); what != "" {
		j.wrong("%s; body: %.600s", what, j.Body)
	}
	if problem, _ = value.(map[string]any); media.Name != "application/problem+json" {
		return nil
	}
	if problem["type"] != fmt.Sprintf("urn:handstamp:error:%v", problem["code"]) {
		j.wrong("type %v, code %v", problem["type"], problem["code"])
	}
	return problem
}

// judgeSent compares what became of the request's body with what the description says of it.
func (j *judge) judgeSent(problem map[string]any) {
	body := j.operation.Body
	forbidden := "a body must be there"
	if j.Sent != "" {
		forbidden = j.forbids(body.Content[0].Value.At)
	} else if !body.Required {
		forbidden = ""
	}
	switch {
	case j.Status < 300 && forbidden != "":
		j.wrong("the request was taken although the description forbids it: %s; request: %.300s", forbidden, j.Sent)
	case forbidden == "" && badForm(problem):
		j.wrong("the request was refused although the description allows it; request: %.300s; body: %s", j.Sent, j.Body)
	}
}

// forbids says what a schema has against the request's body; empty: nothing. Lengths are
// counted after a text is normalised, which a schema cannot do: it is not heard about a text
// that this may have changed.
func (j *judge) forbids(at string) string {
	read := readJSON
	if j.operation.Body.IsForm() {
		read = readForm
	}
	value, err := read(j.Sent)
	if err != nil {
		return err.Error()
	}
	invalid, ok := j.schemas[at].Validate(value).(*jsonschema.ValidationError)
	if !ok {
		return ""
	}
	for _, cause := range leaves(invalid) {
		switch cause.ErrorKind.(type) {
		case *kind.MinLength, *kind.MaxLength:
			members, _ := value.(map[string]any)
			text, _ := members[cause.InstanceLocation[0]].(string)
			if strings.TrimSpace(text) == text && isASCII(text) {
				return cause.Error()
			}
		default:
			return cause.Error()
		}
	}
	return ""
}

// leaves returns the complaints that have no others below them.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// isASCII reports whether text is the same in every normal form.
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f })
}

// badForm reports whether a problem says that the body had another form than the route takes.
func badForm(problem map[string]any) bool {
	if problem["code"] == "malformed_body" {
		return true
	}
	mistakes, _ := problem["errors"].([]any)
	return slices.ContainsFunc(mistakes, func(m any) bool {
		mistake, _ := m.(map[string]any)
		return mistake["code"] == "unknown" || mistake["code"] == "wrong_type"
	})
}

// judgeParameters holds the parameters of a request that was taken to their schemas.
func (j *judge) judgeParameters() {
	query, err := url.ParseQuery(j.query)
	if err != nil {
		j.wrong("the query %q was taken", j.query)
	}
	for _, p := range j.operation.Parameters {
		values := query[p.Name]
		if p.In == "path" {
			values = []string{j.values[p.Name]}
		}
		if p.Required && len(values) != 1 {
			j.wrong("the request was taken with %s = %q", p.Name, values)
		}
		for _, value := range values {
			if what := j.complaint(p.At, value); what != "" {
				j.wrong("the request was taken with %s = %q: %s", p.Name, value, what)
			}
		}
	}
}
