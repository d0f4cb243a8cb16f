package openapi_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// mustDescription returns the text of the description.
func mustDescription(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRead reads the description in its order, and puts components where they are referred to.
func TestRead(t *testing.T) {
	d, err := openapi.Read([]byte(mustDescription(t)))
	if err != nil {
		t.Fatal(err)
	}
	first := d.Operations()[0]
	if first.Pattern() != "POST /v1/users" || !first.Body.Required {
		t.Errorf("first operation = %s, body required %v, want POST /v1/users, true", first.Pattern(),
			first.Body.Required)
	}
	taken, ok := first.Tells("409")
	if got := taken.Codes(); !ok || taken.Name != "EmailTaken" || !slices.Equal(got, []string{"email_taken"}) {
		t.Errorf("409 = %s %v, want EmailTaken [email_taken]", taken.Name, got)
	}
	media, _ := taken.Content.Get("application/problem+json")
	if media.At != "#/components/responses/EmailTaken/content/application~1problem+json/schema" {
		t.Errorf("its schema stands at %s", media.At)
	}
	if store, _ := taken.Headers.Get("Cache-Control"); store.At != "#/components/headers/NoStore/schema" ||
		!store.Required {
		t.Errorf("its Cache-Control stands at %s, required %v", store.At, store.Required)
	}
}

// TestReadRefuses breaks the description in every way that would go unseen.
func TestReadRefuses(t *testing.T) {
	tests := []struct{ name, old, new string }{
		{"misspelled keyword of a schema", `"additionalProperties": false`, `"additionalPropertes": false`},
		{"misspelled member of an operation", `"requestBody"`, `"requestbody"`},
		{"misspelled member of a response", `"headers": {`, `"header": {`},
		{"unknown method", `"post": {`, `"put": {`},
		{"method in capitals", `"post": {`, `"POST": {`},
		{"response that is not there", `#/components/responses/EmailTaken`, `#/components/responses/EmailToken`},
		{"response of another kind", `#/components/responses/EmailTaken`, `#/components/headers/NoStore`},
		{"header that is not there", `#/components/headers/NoStore`, `#/components/headers/NoStorage`},
		{"example that is not there", `#/components/examples/email_taken`, `#/components/examples/email_token`},
		{"body that is not there", `#/components/requestBodies/RefreshToken`, `#/components/requestBodies/Refresh`},
		{"member twice", `"openapi": `, `"openapi": "3.1.0", "openapi": `},
		{"schema that is true", `"additionalProperties": false`, `"additionalProperties": true`},
	}
	good := mustDescription(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := strings.Replace(good, tt.old, tt.new, 1)
			if bad == good {
				t.Fatalf("the description has no %s", tt.old)
			}
			if _, err := openapi.Read([]byte(bad)); err == nil {
				t.Error("Read = nil, want an error")
			}
		})
	}
}
