package keyset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// What a fetch may take.
const (
	fetchTimeout = 5 * time.Second
	maxAnswer    = 1 << 20 // bytes
	maxRedirects = 3
)

// fetched is what one fetch brought
type fetched struct {
	set     *jose.KeySet // nil: as before
	skipped []error
	life    time.Duration
}

// fetcher gets keys over HTTP. Its methods are called by one goroutine.
type fetcher struct {
	issuer string
	url    string // where the keys are; empty when not known yet
	found  bool   // url came from metadata, and is asked for again after a failure
	etag   string // of the keys last had
	client *http.Client
}

// newFetcher gets keys as o says
func newFetcher(o Options) fetcher {
	client := http.Client{}
	if o.Client != nil {
		client = *o.Client
	}
	if client.Timeout == 0 || client.Timeout > fetchTimeout {
		client.Timeout = fetchTimeout
	}
	client.CheckRedirect = sameHost
	return fetcher{issuer: o.Issuer, url: o.URL, client: &client}
}

// sameHost follows no redirect that leaves the host or its scheme
func sameHost(to *http.Request, via []*http.Request) error {
	if from := via[0].URL; to.URL.Host != from.Host || to.URL.Scheme != from.Scheme {
		return errors.New("redirected to another host")
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}

// fetch gets the keys once
func (f *fetcher) fetch(ctx context.Context) (fetched, error) {
	if f.url == "" {
		if err := f.discover(ctx); err != nil {
			return fetched{}, fmt.Errorf("metadata of the issuer: %w", err)
		}
	}
	got, err := f.fetchKeys(ctx)
	if err != nil {
		if f.found {
			f.url, f.found = "", false // it may have moved
		}
		return got, fmt.Errorf("key set of the issuer: %w", err)
	}
	return got, nil
}

// fetchKeys gets the key set itself
func (f *fetcher) fetchKeys(ctx context.Context) (fetched, error) {
	answer, body, err := f.get(ctx, f.url, f.etag)
	if err != nil {
		return fetched{}, err
	}
	life := lifeOf(answer.Header)
	if answer.StatusCode == http.StatusNotModified {
		return fetched{life: life}, nil
	}
	set, skipped, err := jose.ParseKeySet(body)
	switch {
	case err != nil:
		return fetched{}, err
	case set.Len() == 0: // no issuer means that; the keys that were had go on for as long as without an answer
		return fetched{skipped: skipped}, errors.New("no key in it can be used")
	}
	f.etag = answer.Header.Get("ETag")
	return fetched{set: set, skipped: skipped, life: life}, nil
}

// discover learns from the issuer's metadata where its keys are (RFC 8414 §3). The issuer named in
// it must be ours exactly: else one server could speak for another (RFC 8414 §3.3).
func (f *fetcher) discover(ctx context.Context) error {
	_, body, err := f.get(ctx, strings.TrimSuffix(f.issuer, "/")+"/.well-known/oauth-authorization-server", "")
	if err != nil {
		return err
	}
	var issuer, keyURL string
	r := jose.NewReader(string(body))
	for name := range r.Object() {
		switch name {
		case "issuer":
			issuer = r.String()
		case "jwks_uri":
			keyURL = r.String()
		}
	}
	if err := r.Close(); err != nil {
		return err
	}
	if issuer != f.issuer {
		return fmt.Errorf("it calls itself %.200q", issuer)
	}
	ours, err := url.Parse(f.issuer)
	if err != nil {
		return err
	}
	if err := CheckURL(keyURL, ours); err != nil {
		return err
	}
	f.url, f.found, f.etag = keyURL, true, ""
	return nil
}

// get does one request, and returns at most maxAnswer bytes of a good answer
func (f *fetcher) get(ctx context.Context, from, etag string) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", "application/json")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotModified && etag != "" {
		return answer, nil, nil
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %d", from, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxAnswer {
		return nil, nil, fmt.Errorf("%s answered more than 1 MiB", from)
	}
	return answer, body, nil
}

// lifeOf is how much longer an answer is fresh: its max-age, less the time it spent in caches
// (RFC 9111 §4.2)
func lifeOf(h http.Header) time.Duration {
	life := noMaxAge
	for line := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.EqualFold(name, "max-age") {
			if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
				life = time.Duration(seconds) * time.Second
			}
		}
	}
	if seconds, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		life -= time.Duration(seconds) * time.Second
	}
	return max(life, 0)
}

// CheckURL refuses to have keys brought by a way on which they could be changed.
func CheckURL(text string, issuer *url.URL) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%q is not the URL of a key set", text)
	}
	if issuer.Scheme == "https" && u.Scheme != "https" {
		return fmt.Errorf("%q must be https, as the issuer is", text)
	}
	return CheckScheme(u)
}

// CheckScheme allows plain http on loopback only, where nobody stands between.
func CheckScheme(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%q must be https, or http on loopback", u)
}

// Loopback reports whether host is this machine by name or address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
