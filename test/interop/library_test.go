package interop_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// demand is a token and what a service insists on, in the terms that all libraries share.
// Children get it as a line of JSON.
type demand struct {
	Token     string `json:"token"`
	JWKS      string `json:"jwks"` // the URL of the key set
	Issuer    string `json:"issuer"`
	Audience  string `json:"audience"`
	Type      string `json:"type"`
	Algorithm string `json:"algorithm"`
	Now       int64  `json:"now"`    // unix seconds
	Leeway    int64  `json:"leeway"` // seconds
}

// verdict is what a library makes of a demand: a subject, or a refusal in its own words.
type verdict struct {
	Subject string `json:"subject"`
	Refusal string `json:"refusal"`
}

// String is for messages of tests.
func (v verdict) String() string {
	if v.Refusal != "" {
		return "refused: " + v.Refusal
	}
	return "accepted for " + v.Subject
}

// typByHand is what our services say where a library has no option for typ.
const typByHand = "typ compared by hand"

// library is somebody else's verifier, what it is known to say, and how to ask it.
type library struct {
	name     string
	language string
	packages []string          // what the document names versions of, the verifier itself first
	says     map[fault]string  // part of the refusal; clockBehind may be missing: accepted
	lacks    map[string]string // algorithm it does not know → part of the refusal
	remark   string
	versions map[string]string // package → version; known once it is open
	check    func(context.Context, demand) verdict
}

// judge says what is wrong with a verdict; empty: nothing.
func (l library) judge(algorithm string, f fault, got verdict, subject string) string {
	want := l.says[f]
	if refusal, ok := l.lacks[algorithm]; ok {
		want = refusal
	}
	switch {
	case want == "" && f != "" && f != clockBehind:
		return "nothing is written down about what the library says"
	case want == "" && got != verdict{Subject: subject}:
		return "check = " + got.String() + ", want accepted for " + subject
	case want != "" && (got.Subject != "" || !strings.Contains(got.Refusal, want)):
		return "check = " + got.String() + ", want a refusal with " + want
	}
	return ""
}

// mustOpenLibraries makes every library ready to be asked.
func mustOpenLibraries(t *testing.T) []library {
	t.Helper()
	folder := mustInstall(t, "node")
	goVersions, nodeVersions := mustReadGoVersions(t), mustReadNodeVersions(t)
	all := slices.Concat(goLibraries, nodeLibraries, []library{pythonLibrary})
	for i := range all {
		switch l := &all[i]; l.language {
		case "Go":
			l.versions = goVersions
		case "Node":
			l.versions = nodeVersions
			l.check = mustStartChild(
				t, exec.CommandContext(t.Context(), "node", folder+"/answer.mjs", l.packages[0]),
			).ask
		case "Python":
			l.versions = mustReadPythonVersions(t)
			l.check = mustStartChild(t, exec.CommandContext(t.Context(), pythonPath, "python/answer.py")).ask
		}
	}
	return all
}

// mustReadGoVersions returns module → version, as go.mod requires them.
func mustReadGoVersions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) >= 2 && strings.HasPrefix(words[1], "v") {
			versions[words[0]] = words[1][1:]
		}
	}
	return versions
}

// mustReadNodeVersions returns npm package → version, as package.json pins them.
func mustReadNodeVersions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Dependencies
}

// mustReadPythonVersions asks the library itself: it is whichever Debian has.
func mustReadPythonVersions(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), pythonPath, "-c", "import cryptography, jwt; print(jwt.__version__)").
		CombinedOutput()
	if err != nil {
		t.Fatalf(
			"%s: %v\n%s\nThis test needs Debian's python3-jwt and python3-cryptography: run .ci/setup, or apt "+
				"install them",
			pythonPath, err, out,
		)
	}
	return map[string]string{"python3-jwt": strings.TrimSpace(string(out))}
}
