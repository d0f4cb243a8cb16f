package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
)

// canary is the value that no output may hold.
const canary = "correct horse battery staple"

// verbs are all of fmt.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%b", "%o", "%t", "%e", "%T"}

// holder has a secret where fmt cannot call methods: in an unexported field.
type holder struct {
	Open   secret.Text
	hidden secret.Text
	list   []secret.Text
}

// TestNothingPrintsIt prints a secret in every way that Go has.
func TestNothingPrintsIt(t *testing.T) {
	text := secret.New(canary)
	held := holder{text, text, []secret.Text{text}}
	values := map[string]any{
		"text": text, "pointer": &text, "struct": held, "pointer to struct": &held,
		"map": map[string]secret.Text{"k": text},
	}
	for _, verb := range verbs {
		for name, value := range values {
			got := fmt.Sprintf(verb, value)
			if strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("Sprintf(%q, %s) = %q, want no secret", verb, name, got)
			}
		}
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("test", "text", text, "struct", held, "any", slog.AnyValue(&held))
	}
	encoded, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	if all := log.String() + string(encoded); strings.Contains(all, canary) {
		t.Errorf("log or JSON = %s, want no secret", all)
	}
}

// TestReveal returns the value, also after JSON.
func TestReveal(t *testing.T) {
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("Reveal() = %q, want the value", got)
	}
	var read struct{ Password secret.Text }
	err := json.Unmarshal([]byte(`{"Password":"`+canary+`"}`), &read)
	if err != nil || read.Password.Reveal() != canary {
		t.Errorf("Unmarshal = %q, %v, want the value", read.Password.Reveal(), err)
	}
	if !(secret.Text{}).Empty() || (secret.Text{}).Reveal() != "" {
		t.Error("the zero Text is not empty")
	}
}
