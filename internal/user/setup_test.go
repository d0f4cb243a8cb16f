package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// first is who becomes the first admin.
var first = user.Fresh{Email: "root@example.com", Password: secret.New(good)}

// TestSetUp makes the first admin by a link, once.
func TestSetUp(t *testing.T) {
	f := open(t)
	token := f.SetupToken()
	if needed, err := f.NeedsAdmin(t.Context()); !needed || err != nil {
		t.Errorf("NeedsAdmin = %v, %v, want true", needed, err)
	}
	f.must(f.CheckSetup(t.Context(), token))
	bad := first
	bad.Email = "root"
	_, err := f.SetUp(t.Context(), audit.Caller{}, token, bad)
	if diff := cmp.Diff([]string{"email invalid"}, mistakes(err)); diff != "" {
		t.Errorf("SetUp = %v (-want +got):\n%s", err, diff)
	}
	proof, err := f.SetUp(t.Context(), audit.Caller{}, token, first)
	f.must(err)
	if got := f.row(proof.User).Roles; !cmp.Equal(got, []string{store.RoleAdmin}) {
		t.Errorf("roles = %v, want admin", got)
	}
	f.wantAudit("event=user_created user=SOMEBODY")
	if needed, err := f.NeedsAdmin(t.Context()); needed || err != nil {
		t.Errorf("NeedsAdmin afterwards = %v, %v, want false", needed, err)
	}
	wantFault(t, "CheckSetup afterwards", f.CheckSetup(t.Context(), token), fault.SetupDone)
	_, err = f.SetUp(t.Context(), audit.Caller{}, token, first)
	wantFault(t, "SetUp afterwards", err, fault.SetupDone)
	f.wantAudit()
}

// TestSetupToken is good for a day, and only one of ours is.
func TestSetupToken(t *testing.T) {
	f := open(t)
	token := f.SetupToken()
	parts := f.parts
	parts.SetupKey = secret.NewKey([]byte("another key"))
	foreign := user.New(parts).SetupToken()
	changed := []byte(token.Reveal())
	changed[0] ^= 1
	for name, bad := range map[string]secret.Text{
		"empty": {}, "no token": secret.New("x"), "foreign": foreign, "changed": secret.New(string(changed)),
	} {
		wantFault(t, name, f.CheckSetup(t.Context(), bad), fault.NotFound)
		_, err := f.SetUp(t.Context(), audit.Caller{}, bad, first)
		wantFault(t, name, err, fault.NotFound)
	}
	f.now = start.Add(24*time.Hour - time.Second)
	f.must(f.CheckSetup(t.Context(), token))
	f.now = start.Add(24 * time.Hour)
	wantFault(t, "a day later", f.CheckSetup(t.Context(), token), fault.NotFound)
	f.wantAudit()
}

// TestSetUpUnavailable says so if the database does not answer, and lets nobody in.
func TestSetUpUnavailable(t *testing.T) {
	f := open(t)
	f.must(f.db.Close())
	_, err := f.SetUp(t.Context(), audit.Caller{}, f.SetupToken(), first)
	wantFault(t, "SetUp", err, fault.StorageUnavailable)
}
