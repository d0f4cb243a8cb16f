package keyring_test

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/secret"
)

// revoke withdraws a key for the operator, and returns the one that signs now.
func (n *node) revoke(id string) string {
	n.t.Helper()
	signs, err := n.Revoke(n.t.Context(), audit.Operator(), id, n.now)
	if err != nil {
		n.t.Fatal(err)
	}
	if active := n.Active(n.now).ID(); signs.ID != active || signs.ID == id {
		n.t.Errorf("Revoke(%s) = %s signs, the ring signs with %s", id, signs.ID, active)
	}
	if n.Keys().Lookup(id) != nil {
		n.t.Errorf("key %s is published after it was revoked", id)
	}
	return signs.ID
}

// TestRevoke withdraws keys in every state: there is always one that signs, at once.
// standards KY-05
func TestRevoke(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.ES256)
	n.at(0)
	first := n.Active(n.now).ID()
	second := n.revoke(first)
	if got := n.states(); got != "ES256 active*" || second == first {
		t.Errorf("after the only key: %s, want another, active", got)
	}
	n.at(time.Hour)
	if _, err := n.Rotate(t.Context(), audit.Operator(), n.now); err != nil {
		t.Fatal(err)
	}
	third := n.revoke(second)
	if got := n.states(); got != "ES256 active*" {
		t.Errorf("after the active key, with one pending: %s, want the pending one active at once", got)
	}
	pending, err := n.Rotate(t.Context(), audit.Operator(), n.now)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.revoke(pending.ID); got != third {
		t.Errorf("after a pending key %s signs, want %s as before", got, third)
	}
	n.at(time.Hour + time.Minute)
	fourth := n.revoke(third)
	n.at(time.Hour + 2*time.Minute)
	if n.Active(n.now).ID() != fourth {
		t.Error("another key signs two minutes later")
	}
	_, err = n.Revoke(t.Context(), audit.Operator(), third, n.now)
	if !fault.HasCode(err, fault.KeyNotFound) {
		t.Errorf("Revoke(again) = %v, want key_not_found", err)
	}
	_, err = n.Revoke(t.Context(), audit.Caller{User: "usr_ada"}, fourth, n.now)
	if !fault.HasCode(err, fault.InsufficientRole) {
		t.Errorf("Revoke by a user = %v, want insufficient_role", err)
	}
}

// TestRevokedElsewhere has another node drop a key as soon as it tends, and tells it when to.
func TestRevokedElsewhere(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	here, there := newNode(t, keys, master, jose.ES256), newNode(t, keys, master, jose.ES256)
	here.at(0)
	there.at(0)
	stolen := here.Active(here.now).ID()
	next := here.revoke(stolen)
	ended := revoked.NewSet()
	if there.HoldsAny(ended) {
		t.Error("HoldsAny = true before the log tells")
	}
	entry := revoked.Entry{Epoch: 1, Seq: 1, Kind: revoked.Key, ID: stolen, Expires: begin.Unix() + 1}
	if err := ended.Merge(revoked.Snapshot{Epoch: 1, Seq: 1, Entries: []revoked.Entry{entry}}); err != nil {
		t.Fatal(err)
	}
	if !there.HoldsAny(ended) || here.HoldsAny(ended) {
		t.Errorf("HoldsAny = %v there, %v here, want true and false", there.HoldsAny(ended), here.HoldsAny(ended))
	}
	there.at(0)
	if there.Active(there.now).ID() != next || there.HoldsAny(ended) {
		t.Error("the other node goes on with the revoked key after it has tended")
	}
}

// TestRevokePendingElsewhere has a node that holds a pending key sign with it as soon as the key
// before it was revoked by another.
func TestRevokePendingElsewhere(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	here, there := newNode(t, keys, master, jose.ES256), newNode(t, keys, master, jose.ES256)
	here.at(0)
	old := here.Active(here.now).ID()
	pending, err := here.Rotate(t.Context(), audit.Operator(), here.now)
	if err != nil {
		t.Fatal(err)
	}
	there.at(0)
	here.revoke(old)
	there.at(0)
	if got := there.Active(there.now).ID(); got != pending.ID {
		t.Errorf("the other node signs with %s, want %s at once", got, pending.ID)
	}
}

// TestRevokeShared refuses to withdraw the secret of the one program that has it.
func TestRevokeShared(t *testing.T) {
	ring, err := keyring.OpenShared([]byte("Yq7rX0fUj2mCw9sVbH4kPz8nLt5dGa1e"))
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Maintain(t.Context(), begin); err != nil {
		t.Errorf("Maintain = %v", err)
	}
	id := ring.Active(begin).ID()
	if _, err := ring.Revoke(t.Context(), audit.Operator(), id, begin); err == nil || ring.Active(begin).ID() != id {
		t.Errorf("Revoke(shared secret) = %v, want it refused, and the secret to sign on", err)
	}
}

// TestOnlyTheOperator lets nobody else rotate or revoke, and changes nothing.
func TestOnlyTheOperator(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.EdDSA)
	n.at(0)
	before := n.states()
	for _, by := range []audit.Caller{{}, {User: "usr_ada"}, {Service: "svc_1"}} {
		if _, err := n.Rotate(t.Context(), by, n.now); !fault.HasCode(err, fault.InsufficientRole) {
			t.Errorf("Rotate = %v, want insufficient_role", err)
		}
		_, err := n.Revoke(t.Context(), by, n.Active(n.now).ID(), n.now)
		if !fault.HasCode(err, fault.InsufficientRole) {
			t.Errorf("Revoke = %v, want insufficient_role", err)
		}
	}
	if after := n.states(); after != before {
		t.Errorf("keys = %s, then %s, want no change", before, after)
	}
}
