package audit_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// ada is a signed-in user's request.
var ada = audit.Caller{
	User: "usr_ada", Session: store.SessionID{1}, RequestID: "req1",
	Client: store.NewClient(netip.MustParseAddr("192.0.2.1"), "curl"),
	Device: func() string { return "curl on Linux" },
}

// recorded returns the line of an event, without the time.
func recorded(by audit.Caller, e audit.Event) string {
	var out bytes.Buffer
	untimed := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := audit.New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: untimed})))
	log.Record(context.Background(), by, e)
	return strings.TrimSpace(out.String())
}

// TestRecord writes one line an event, at level info, and nothing that is not known. standards
// RV-20
func TestRecord(t *testing.T) {
	full := audit.Event{
		Name: audit.SessionEnded, User: "usr_bea", Session: store.SessionID{2}, Key: "kid1",
		Service: "svc_1 billing", Reason: "signed_out", Count: 3,
	}
	tests := []struct {
		name  string
		by    audit.Caller
		event audit.Event
		want  string
	}{
		{"all that is known", ada, full, "event=session_ended user=usr_bea session=AgAAAAAAAAAAAAAAAAAAAA key=kid1 " +
			`service="svc_1 billing" reason=signed_out count=3 actor=usr_ada ip=192.0.2.1 agent=curl request_id=req1`},
		{"nothing but the name", audit.Caller{}, audit.Event{Name: audit.SignInFailed}, "event=sign_in_failed"},
		{"the operator", audit.Operator(), audit.Event{Name: audit.KeyAdded, Key: "kid1"},
			"event=key_added key=kid1 actor=operator"},
		{"a service", audit.Caller{Service: "svc_1"}, audit.Event{Name: audit.ServiceRefused},
			"event=service_refused actor=svc_1"},
	}
	for _, tt := range tests {
		want := "level=INFO msg=audit " + tt.want
		if got := recorded(tt.by, tt.event); got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
		}
	}
}

// TestMustOperate lets the operator pass and nobody else, whatever a caller is called.
func TestMustOperate(t *testing.T) {
	if err := audit.Operator().MustOperate(); err != nil {
		t.Errorf("MustOperate by the operator = %v, want no fault", err)
	}
	others := []audit.Caller{{}, ada, {User: "operator"}, {Service: "svc_1"}, {Device: audit.Operator().Device}}
	for _, by := range others {
		if err := by.MustOperate(); !fault.HasCode(err, fault.InsufficientRole) {
			t.Errorf("MustOperate by %q = %v, want insufficient_role", by.User, err)
		}
	}
}

// TestMustSignIn lets users pass. Operator and services are none.
func TestMustSignIn(t *testing.T) {
	if err := ada.MustSignIn(); err != nil {
		t.Errorf("MustSignIn by a user = %v, want no fault", err)
	}
	for _, by := range []audit.Caller{{}, audit.Operator(), {Service: "svc_1"}, {Session: store.SessionID{1}}} {
		if err := by.MustSignIn(); !fault.HasCode(err, fault.MissingToken) {
			t.Errorf("MustSignIn by %q = %v, want missing_token", by.Service, err)
		}
	}
}

// TestDeviceName returns what a device is called for people, where it has a name.
func TestDeviceName(t *testing.T) {
	for want, by := range map[string]audit.Caller{"curl on Linux": ada, "the operator": audit.Operator(), "": {}} {
		if got := by.DeviceName(); got != want {
			t.Errorf("DeviceName() = %q, want %q", got, want)
		}
	}
}

// TestAbbreviate keeps 80 bytes of a text, and no half of a character.
func TestAbbreviate(t *testing.T) {
	short, long := strings.Repeat("a", 80), strings.Repeat("a", 79)
	for text, want := range map[string]string{"": "", short: short, short + "b": short + "…", long + "é": long + "…"} {
		if got := audit.Abbreviate(text); got != want || !utf8.ValidString(got) {
			t.Errorf("Abbreviate(%q) = %q, want %q", text, got, want)
		}
	}
}
