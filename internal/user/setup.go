package user

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// setupLife is how long a link to make the first admin is good.
const setupLife = 24 * time.Hour

// NeedsAdmin tells whether there has never been an admin.
func (m *Manager) NeedsAdmin(ctx context.Context) (bool, error) {
	made, err := m.parts.Store.ReadMetadata(ctx, store.FirstAdmin)
	return made == nil, err
}

// SetupToken gives what opens the making of the first admin, for a day. It is worth nothing
// as soon as there is an admin. Every node reads it, and nothing is kept for it: it is the
// day it ends, signed.
func (m *Manager) SetupToken() secret.Text {
	end := binary.BigEndian.AppendUint64(nil, uint64(m.parts.Now().Add(setupLife).Unix()))
	return secret.New(jose.EncodeBase64(append(end, m.setupMAC(end)...)))
}

// setupMAC signs the end of a setup token.
func (m *Manager) setupMAC(end []byte) []byte {
	return m.parts.SetupKey.MAC(end)[:16]
}

// CheckSetup tells whether a setup token opens anything now. The fault is not_found for one
// that is not ours or too old, and setup_done when there is an admin.
func (m *Manager) CheckSetup(ctx context.Context, token secret.Text) error {
	raw, err := jose.DecodeBase64(token.Reveal())
	if err != nil || len(raw) != 24 || !hmac.Equal(raw[8:], m.setupMAC(raw[:8])) || m.parts.Now().Unix() >= int64(binary.BigEndian.Uint64(raw)) {
		return fault.New(fault.NotFound)
	}
	needed, err := m.NeedsAdmin(ctx)
	if err == nil && !needed {
		err = fault.New(fault.SetupDone)
	}
	return err
}

// SetUp makes the first admin for whoever holds a setup token. Of any number that try at
// once with the same token one succeeds. The faults are those of CheckSetup and of Create.
func (m *Manager) SetUp(ctx context.Context, by audit.Caller, token secret.Text, f Fresh) (Proof, error) {
	if err := m.CheckSetup(ctx, token); err != nil {
		return Proof{}, err
	}
	f.Roles = []string{store.RoleAdmin}
	return m.create(ctx, by, f, m.parts.Store.CreateFirstAdmin)
}
