package interop_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nodeLibraries run in a process of Node each; node/<first package>.mjs asks them.
var nodeLibraries = []library{
	{
		name: "jose", language: "Node", packages: []string{"jose"},
		says: map[fault]string{
			badSignature: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", otherIssuer: `unexpected "iss" claim value`,
			otherAudience: `unexpected "aud" claim value`,
			otherType:     `unexpected "typ" JWT header value`, expired: "ERR_JWT_EXPIRED",
		},
		remark: "What we recommend for Node, as in `examples/node`.",
	},
	{
		name: "jsonwebtoken", language: "Node", packages: []string{"jsonwebtoken", "jwks-rsa"},
		says: map[fault]string{
			badSignature: "invalid signature", otherIssuer: "jwt issuer invalid", otherAudience: "jwt audience invalid",
			otherType: typByHand, expired: "TokenExpiredError",
		},
		lacks:  map[string]string{"EdDSA": `Unknown key type "ed25519"`},
		remark: "Knows no EdDSA. Reads no key set; jwks-rsa does.",
	},
	{
		name: "fast-jwt", language: "Node", packages: []string{"fast-jwt"},
		says: map[fault]string{
			badSignature: "FAST_JWT_INVALID_SIGNATURE", otherIssuer: "The iss claim value is not allowed",
			otherAudience: "The aud claim value is not allowed",
			otherType:     "FAST_JWT_INVALID_TYPE", expired: "FAST_JWT_EXPIRED",
		},
		remark: "Reads no key set; `node:crypto` does. Tolerances are in milliseconds.",
	},
}

// pythonLibrary runs in a process of Debian's Python.
var pythonLibrary = library{
	name: "PyJWT", language: "Python", packages: []string{"python3-jwt"},
	says: map[fault]string{
		badSignature: "InvalidSignatureError", otherIssuer: "InvalidIssuerError", otherAudience: "InvalidAudienceError",
		otherType: typByHand, expired: "ExpiredSignatureError", clockBehind: "ImmatureSignatureError",
	},
	remark: "Debian's package. Refuses a token with `aud` unless an audience is given.",
}

// pythonPath is Debian's own Python, which alone sees Debian's packages.
const pythonPath = "/usr/bin/python3"

// child is a process that answers demands, line by line.
type child struct {
	in  io.Writer
	out *bufio.Reader
}

// mustStartChild runs until the test ends.
func mustStartChild(t *testing.T, cmd *exec.Cmd) child {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return child{in, mustStart(t, cmd)}
}

// ask puts one demand. A child that breaks returns a refusal that no test wants.
func (c child) ask(_ context.Context, d demand) verdict {
	if err := json.NewEncoder(c.in).Encode(d); err != nil {
		return verdict{Refusal: "ask the child: " + err.Error()}
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return verdict{Refusal: "hear the child: " + err.Error()}
	}
	var v verdict
	if err := json.Unmarshal(line, &v); err != nil {
		return verdict{Refusal: "understand the child: " + err.Error()}
	}
	return v
}

// mustStart runs a program until the test ends and returns what it prints.
func mustStart(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd.Stderr = &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the test's context has ended, and so the program
		cmd.Wait()
		if t.Failed() && log.Len() > 0 {
			t.Logf("%s wrote: %s", filepath.Base(cmd.Path), log.String())
		}
	})
	return bufio.NewReader(out)
}

// mustInstall copies a folder of ours away and installs what its lock file names there.
func mustInstall(t *testing.T, source string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	files, err := filepath.Glob(source + "/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(
		t.Context(), "npm", "ci", "--engine-strict", "--ignore-scripts", "--prefer-offline", "--no-audit",
		"--no-fund",
	)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf(
			"npm ci: %v\n%s\nThis test needs Node 20.19 or newer and npm: run .ci/setup, or install them from "+
				"https://nodejs.org",
			err, out,
		)
	}
	return folder
}
