package interop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// mustSend sends a request; body may be empty. Headers are name, value, name, value.
func mustSend(t *testing.T, method, url, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, url, err)
	}
	return answer{response.StatusCode, response.Header, read}
}

// want ends the test unless the status is as wanted.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status = %d, want %d; body: %s", a.status, status, a.body)
	}
	return a
}

// mustRead reads the JSON of the body into a value.
func (a answer) mustRead(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("body %s: %v", a.body, err)
	}
}
