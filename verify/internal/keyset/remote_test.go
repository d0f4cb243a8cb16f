package keyset_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/keyset"
)

// published is a server of one key set, without a network between.
type published struct{ set string }

// RoundTrip answers everything with the set.
func (p *published) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(p.set)), Request: r}, nil
}

// remote follows such a server until the test ends.
func remote(t *testing.T, p *published) *keyset.Remote {
	t.Helper()
	k := keyset.NewRemote(context.Background(), keyset.Options{
		Issuer: "https://auth.example.com", URL: "https://auth.example.com/keys", Client: &http.Client{Transport: p},
		Clock: clock.New(nil), Log: slog.New(slog.DiscardHandler), MaxAge: 1 << 40, Counts: new(keyset.Counts),
	})
	t.Cleanup(k.TestingOnlyClose)
	return k
}

// TestKeyComesMeanwhile has a token look for its key just before the fetch ends that brings it, and
// ask for another fetch just after: there is none, and a kid that nobody knows still has its own.
func TestKeyComesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := jose.Generate(jose.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		k := remote(t, &published{string(jose.NewKeySet(key.Public()).JSON())})
		synctest.Wait()
		if k.TestingOnlyWake(key.ID()) {
			t.Error("the keys are fetched again for one that has just come")
		}
		if !k.TestingOnlyWake("nobody") {
			t.Error("the keys are not fetched for one that is unknown")
		}
		synctest.Wait()
	})
}
