package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// TestDescribedSamples runs every sample as it is printed, and wants what the operation is for.
func TestDescribedSamples(t *testing.T) {
	home := t.TempDir() // with curl's settings: show the head of the answer
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte("include\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range description(t).Operations() {
		for _, sample := range o.Samples {
			t.Run(o.Pattern(), func(t *testing.T) {
				s := handstamptest.Start(t, handstamptest.Options{})
				s.MustUser("ada@example.com")
				in := s.Program(phone).SignIn("ada@example.com")
				_, key := s.MustService("sample")
				other := s.Program(firefox).SignIn("ada@example.com").Text("session.id")
				shell := exec.CommandContext(t.Context(), "bash", "-eu", "-c", sample.Source)
				shell.Env = append(os.Environ(), "CURL_HOME="+home, "AUTH="+s.URL, "SESSION="+other, "SERVICE_KEY="+key,
					"ACCESS="+in.Text("access_token"), "REFRESH="+in.Text("refresh_token"))
				out, err := shell.Output()
				if err != nil {
					t.Fatalf("%s: %v", sample.Source, err)
				}
				checkSample(t, o, out)
			})
		}
	}
}

// checkSample holds what curl printed to the description.
func checkSample(t *testing.T, o *openapi.Operation, printed []byte) {
	t.Helper()
	printed = bytes.Replace(printed, []byte("Transfer-Encoding: chunked\r\n"), nil, 1) // curl has taken it apart
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(printed)), &http.Request{Method: o.Method})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := o.Responses[0].Name; fmt.Sprint(response.StatusCode) != want {
		t.Errorf("answer = %d %s, want %s", response.StatusCode, body, want)
	}
	path := strings.Replace(o.Path, "{id}", "AAAAAAAAAAAAAAAAAAAAAA", 1)
	if o.ID == "endOthers" {
		path += "?keep=current"
	}
	sent := goodBodies[o.Pattern()] + goodForms[o.Pattern()] // of the same form as the sample's
	for _, wrong := range handstamptest.Judge(handstamptest.Exchange{o.Method, path, sent, response.StatusCode,
		response.Header, string(body)}) {
		t.Error(wrong)
	}
}
