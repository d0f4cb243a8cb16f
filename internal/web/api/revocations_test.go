package api_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// entryOf reads an event's entry strictly, by the type that verifiers keep.
func entryOf(t *testing.T, e handstamptest.Event) revoked.Entry {
	t.Helper()
	var entry revoked.Entry
	if err := json.Unmarshal([]byte(e.Data), &entry, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("event %+v: %v", e, err)
	}
	return entry
}

// mustRead opens the stream.
func mustRead(t *testing.T, p *handstamptest.Person, after string) *handstamptest.Stream {
	t.Helper()
	var headers []string
	if after != "" {
		headers = []string{"Last-Event-ID", after}
	}
	stream := p.Open("/v1/revocations/stream", headers...)
	if stream.Status != 200 || stream.Header.Get("Content-Type") != "text/event-stream" ||
		stream.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("stream = %d %v, want 200 with events, no-store", stream.Status, stream.Header)
	}
	return stream
}

// TestStream tells what ends as it does, and goes on where a reader left off. standards RV-02
func TestStream(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	reader, _ := s.MustService("billing")
	stream := mustRead(t, reader, "")
	reset, heartbeat := stream.Want(reader, "reset"), stream.Want(reader, "heartbeat")
	if !strings.HasSuffix(reset.Data, `,"seq":0}`) || reset.ID != "" || heartbeat.ID != "" ||
		!strings.HasPrefix(heartbeat.Data, strings.TrimSuffix(reset.Data, "}")) {
		t.Errorf("a new stream = %+v, %+v, want a reset to 0, and a heartbeat at that place", reset, heartbeat)
	}
	s.MustUser("ada@example.com")
	var ids []string
	var sids []string
	for range 3 {
		in := s.Program(phone).SignIn("ada@example.com")
		sids = append(sids, in.Text("session.id"))
		s.Program(phone).Do("DELETE", "/v1/session", `{"refresh_token":"`+in.Text("refresh_token")+`"}`).Want(204)
		e := stream.Want(reader, "revoke")
		entry := entryOf(t, e)
		if entry.Kind != revoked.Session || entry.ID != sids[len(sids)-1] || entry.Prev != entry.Seq-1 ||
			entry.Seq != int64(len(sids)) {
			t.Errorf("entry = %+v, want the end of %s", entry, sids[len(sids)-1])
		}
		ids = append(ids, e.ID)
	}
	again := mustRead(t, reader, ids[0])
	for _, id := range ids[1:] {
		if e := again.Want(reader, "revoke"); e.ID != id {
			t.Errorf("resumed after %s = %s, want %s", ids[0], e.ID, id)
		}
	}
	if heartbeat := again.Want(reader, "heartbeat"); !strings.Contains(heartbeat.Data, `"seq":3,`) {
		t.Errorf("heartbeat after the replay = %s, want 3", heartbeat.Data)
	}
	for _, odd := range []string{"x", "0.0", "1.1", ids[0] + "9", "-1.1"} {
		e, _ := mustRead(t, reader, odd).Next()
		if e.Name != "reset" {
			t.Errorf("Last-Event-ID %s = %+v, want a reset", odd, e)
		}
	}
	got := reader.Do("GET", "/v1/revocations", "").Want(200)
	var snapshot struct {
		revoked.Snapshot
		MaxStaleness int `json:"max_staleness"`
	}
	if err := json.Unmarshal([]byte(got.Body), &snapshot, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	if snapshot.Seq != 3 || len(snapshot.Entries) != 3 || snapshot.MaxStaleness != 5 ||
		snapshot.Entries[2].ID != sids[2] {
		t.Errorf("snapshot = %s, want the three", got.Body)
	}
}

// TestFeedHoldsNoSecrets inspects every frame of a feed: no tokens, no addresses, no names.
// standards RV-18
func TestFeedHoldsNoSecrets(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	reader, _ := s.MustService("billing")
	stream := mustRead(t, reader, "")
	id := s.MustUser("ada@example.com")
	in := s.Program(phone).SignIn("ada@example.com")
	s.Program(phone).SignIn("ada@example.com")
	if _, err := s.Users.Disable(t.Context(), audit.Operator(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keys.Revoke(t.Context(), audit.Operator(), s.Keys.Active(s.Clock.Now()).ID(),
		s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sessions.EndEverything(t.Context(), audit.Operator()); err != nil {
		t.Fatal(err)
	}
	kinds := map[revoked.Kind]int{} // kind → entries
	var seen strings.Builder
	for kinds[revoked.All] == 0 {
		e := stream.Want(reader, "revoke")
		kinds[entryOf(t, e).Kind]++
		seen.WriteString(e.Data)
	}
	if diff := cmp.Diff(map[revoked.Kind]int{revoked.User: 1, revoked.Key: 1, revoked.All: 1}, kinds); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for _, secret := range []string{"ada", "example.com", in.Text("access_token"), in.Text("refresh_token"), "iPhone",
		"127.0.0.1"} {
		if strings.Contains(seen.String(), secret) {
			t.Errorf("the feed holds %q: %s", secret, seen.String())
		}
	}
}

// overHTTPS is a server behind a proxy that ends TLS: it is reached on loopback all the same.
func overHTTPS(t *testing.T) *handstamptest.Server {
	s := handstamptest.Start(t,
		handstamptest.Options{Settings: map[string]string{"public_url": "https://auth.example.com"}})
	s.URL = s.Local
	return s
}

// TestFeedIsForServices lets in whoever shows a good service key, by Bearer or Basic, and nobody
// else: no user, no admin, no stranger. standards RV-18, RV-03
func TestFeedIsForServices(t *testing.T) {
	s := overHTTPS(t)
	s.MustUser("ada@example.com")
	in := s.Program(phone).SignIn("ada@example.com")
	_, key := s.MustService("billing")
	_, other := s.MustService("other")
	if _, err := s.Services.Revoke(t.Context(), audit.Operator(), "other"); err != nil {
		t.Fatal(err)
	}
	all, err := s.Services.List(t.Context(), audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	basic := func(name, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
	}
	ids := map[string]string{} // name → id: two of one millisecond are in no order
	for _, made := range all {
		ids[made.Name] = string(made.ID)
	}
	id, otherID := ids["billing"], ids["other"]
	tests := []struct {
		name    string
		headers []string
		want    int
	}{
		{"a service key", []string{"Authorization", "Bearer " + key}, 200},
		{"in other letters", []string{"Authorization", "bEARER " + key}, 200},
		{"as a password", []string{"Authorization", basic(id, key)}, 200},
		{"as a password, encoded", []string{"Authorization", basic(strings.ReplaceAll(id, "_", "%5F"),
			strings.ReplaceAll(key, "_", "%5F"))}, 200},
		{"nothing", nil, 401},
		{"an access token", []string{"Authorization", "Bearer " + in.Text("access_token")}, 401},
		{"a refresh token", []string{"Authorization", "Bearer " + in.Text("refresh_token")}, 401},
		{"an access cookie", []string{"Cookie", "__Host-Http-hs_access=" + in.Text("access_token"), "Sec-Fetch-Site",
			"same-origin"}, 401},
		{"a revoked key", []string{"Authorization", "Bearer " + other}, 401},
		{"another's id", []string{"Authorization", basic(otherID, key)}, 401},
		{"the name", []string{"Authorization", basic("billing", key)}, 401},
		{"no id", []string{"Authorization", basic("", key)}, 401},
		{"the key as the name", []string{"Authorization", basic(key, "")}, 401},
		{"twice", []string{"Authorization", "Bearer " + key, "Authorization", "Bearer " + key}, 401},
		{"another scheme", []string{"Authorization", "Token " + key}, 401},
		{"no scheme", []string{"Authorization", key}, 401},
		{"an empty header", []string{"Authorization", ""}, 401},
		{"in the query", []string{"X", key}, 401},
	}
	for _, tt := range tests {
		for _, path := range []string{"/v1/revocations", "/v1/revocations/stream"} {
			method := "GET"
			if tt.want == 200 && path != "/v1/revocations" {
				method = "HEAD" // the stream would go on
			}
			got := s.Program(phone).Do(method, path, "", tt.headers...)
			if got.Status != tt.want {
				t.Errorf("%s: %s %s = %d %s, want %d", tt.name, method, path, got.Status, got.Body, tt.want)
			}
			if got.Status == 401 && (got.Text("code") != "invalid_service_key" ||
				got.Header.Get("WWW-Authenticate") != "Bearer") {
				t.Errorf("%s: %s, WWW-Authenticate %q, want invalid_service_key and Bearer", tt.name, got.Body,
					got.Header.Get("WWW-Authenticate"))
			}
		}
	}
	for _, path := range []string{"/v1/user", "/v1/session", "/v1/user/sessions", "/v1/user/export"} {
		if got := s.Program(phone).Do("GET", path, "", "Authorization", "Bearer "+key); got.Status != 401 {
			t.Errorf("a service key on GET %s = %d, want 401", path, got.Status)
		}
	}
}

// TestFeedInDevelopment asks for no key over http on loopback, and is strict about one that is
// shown.
func TestFeedInDevelopment(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	p := s.Program("curl")
	p.Do("GET", "/v1/revocations", "").Want(200)
	p.Do("GET", "/v1/revocations", "", "Authorization", "Bearer hsk_x").Want(401)
	proxied := handstamptest.Start(t,
		handstamptest.Options{Settings: map[string]string{"trusted_proxies": "127.0.0.1/32"}}).Program("curl")
	proxied.Do("GET", "/v1/revocations", "", "X-Forwarded-For", "192.0.2.7").Want(401)
	proxied.Do("GET", "/v1/revocations", "", "X-Forwarded-For", "127.0.0.1").Want(200)
}

// TestRevokedKeyStream ends the stream of a key that is revoked, and no other.
func TestRevokedKeyStream(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{Work: true})
	one, _ := s.MustService("one")
	two, _ := s.MustService("two")
	first, second := mustRead(t, one, ""), mustRead(t, two, "")
	first.Want(one, "heartbeat")
	second.Want(two, "heartbeat")
	if _, err := s.Services.Revoke(t.Context(), audit.Operator(), "one"); err != nil {
		t.Fatal(err)
	}
	for ok := true; ok; {
		_, ok = first.Next()
	}
	one.Do("GET", "/v1/revocations", "").Want(401)
	second.Want(two, "heartbeat")
}

// TestCutOffStream ends streams when the database is away, answers 503 to whoever comes, and goes
// on when it is back.
func TestCutOffStream(t *testing.T) {
	faults := storetest.NewFaultStore()
	s := handstamptest.Start(t, handstamptest.Options{Wrap: faults.Wrap, Work: true})
	reader, _ := s.MustService("billing")
	stream := mustRead(t, reader, "")
	stream.Want(reader, "heartbeat")
	faults.FailBefore(storetest.OpHead, outage())
	began, heartbeats := time.Now(), 0
	for {
		e, ok := stream.Next()
		if !ok {
			break
		}
		if e.Name == "heartbeat" {
			heartbeats++
		}
	}
	if heartbeats > 1 {
		t.Errorf("%d heartbeats in %v without a database, want one at most, for the read before", heartbeats,
			time.Since(began))
	}
	reader.Do("GET", "/v1/revocations", "").Want(503)
	reader.Do("GET", "/v1/revocations/stream", "").Want(503)
	faults.FailBefore(storetest.OpHead, nil)
	mustRead(t, reader, "").Want(reader, "heartbeat")
}
