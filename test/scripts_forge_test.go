package test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// forger makes an access token out of the header and the claims of another.
type forger func(ts *testscript.TestScript, header, claims map[string]any) string

// forgers are the ways to forge an access token.
var forgers = map[string]forger{
	// Nobody signed it, and it says so.
	"none": func(ts *testscript.TestScript, header, claims map[string]any) string {
		header["alg"] = "none"
		return part(ts, header) + "." + part(ts, claims) + "."
	},
	// The public key, which everybody has, taken for the secret of an HMAC.
	"hs256": func(ts *testscript.TestScript, header, claims map[string]any) string {
		header["alg"] = "HS256"
		input := part(ts, header) + "." + part(ts, claims)
		return input + "." + encode(hmacSHA256(publicKey(ts, header["kid"]), input))
	},
	// The attacker's own key, under the name of the server's.
	"stranger": func(ts *testscript.TestScript, header, claims map[string]any) string {
		key, err := jose.Generate(jose.ES256)
		ts.Check(err)
		return sign(ts, key, header, claims)
	},
	// The server's own key: what the server would have said at another time or to others.
	"owner": func(ts *testscript.TestScript, header, claims map[string]any) string {
		return sign(ts, signingKey(ts), header, claims)
	},
}

// forge makes a bad token out of a good one:
//
//	forge VAR flipped|truncated TOKEN
//	forge VAR none|hs256|stranger|owner|altered TOKEN [claim=value]...
//
// A value for exp or iat is a duration from now; any other is text.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: forge VAR HOW TOKEN [claim=value]...")
	}
	how, token := args[1], args[2]
	switch how {
	case "flipped":
		ts.Setenv(args[0], flip(token))
		return
	case "truncated":
		ts.Setenv(args[0], token[:len(token)-1])
		return
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		ts.Fatalf("%s is no access token", token)
	}
	header, claims := read(ts, parts[0]), read(ts, parts[1])
	maps.Copy(claims, changes(ts, args[3:]))
	if how == "altered" {
		ts.Setenv(args[0], parts[0]+"."+part(ts, claims)+"."+parts[2])
		return
	}
	make, ok := forgers[how]
	if !ok {
		ts.Fatalf("nobody knows how to forge %q", how)
	}
	ts.Setenv(args[0], make(ts, header, claims))
}

// flip changes one character in the middle.
func flip(token string) string {
	middle := len(token) / 2
	other := "A"
	if token[middle] == 'A' {
		other = "B"
	}
	return token[:middle] + other + token[middle+1:]
}

// changes reads claim=value arguments.
func changes(ts *testscript.TestScript, args []string) map[string]any {
	changed := map[string]any{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		changed[name] = value
		if name == "exp" || name == "iat" {
			d, err := time.ParseDuration(value)
			ts.Check(err)
			changed[name] = time.Now().Add(d).Unix()
		}
	}
	return changed
}

// read decodes one part of a token.
func read(ts *testscript.TestScript, text string) map[string]any {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	ts.Check(err)
	var members map[string]any
	ts.Check(json.Unmarshal(raw, &members))
	return members
}

// part encodes one part of a token.
func part(ts *testscript.TestScript, members map[string]any) string {
	raw, err := json.Marshal(members, json.Deterministic(true))
	ts.Check(err)
	return encode(raw)
}

// encode is base64url, as tokens have it.
func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// sign signs with any key under the header's kid.
func sign(ts *testscript.TestScript, key *jose.PrivateKey, header, claims map[string]any) string {
	input := part(ts, header) + "." + part(ts, claims)
	signature, err := key.Sign([]byte(input))
	ts.Check(err)
	return input + "." + encode(signature)
}

// hmacSHA256 is what HS256 signs with.
func hmacSHA256(secret []byte, input string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(input))
	return h.Sum(nil)
}

// publicKey returns the current server's public key of that name, as the server publishes it.
func publicKey(ts *testscript.TestScript, kid any) []byte {
	s := storyOf(ts)
	_, err := s.send(call{who: "attacker", method: "GET", target: "/.well-known/jwks.json"}, ts.Getenv("URL"))
	ts.Check(err)
	var set struct{ Keys []map[string]any }
	ts.Check(json.Unmarshal([]byte(s.last.Body), &set, json.MatchCaseInsensitiveNames(true)))
	for _, key := range set.Keys {
		if key["kid"] == kid {
			return []byte(fmt.Sprint(key["x"]) + fmt.Sprint(key["y"]))
		}
	}
	ts.Fatalf("the server publishes no key %v", kid)
	return nil
}

// signingKey takes the current server's private key out of its database, with its master key.
func signingKey(ts *testscript.TestScript) *jose.PrivateKey {
	name := storyOf(ts).current
	text, err := os.ReadFile(ts.MkAbs(name + ".key"))
	ts.Check(err)
	master, err := secret.ParseMaster(secret.New(string(text)))
	ts.Check(err)
	var db store.Store
	if database := storyOf(ts).databases[name]; database != "" {
		db, err = postgres.Open(context.Background(), database)
	} else {
		db, err = sqlite.Open(context.Background(), ts.MkAbs(name+".db"))
	}
	ts.Check(err)
	defer db.Close()
	ring := keyring.Open(db, master, jose.ES256, audit.New(slog.New(slog.DiscardHandler)))
	ts.Check(ring.Maintain(context.Background(), time.Now()))
	return ring.Active(time.Now())
}
