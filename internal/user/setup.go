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

// NeedsAdmin reports whether there has never been an admin.
func (m *Manager) NeedsAdmin(ctx context.Context) (bool, error) {
	made, err := m.parts.Metadata.ReadMetadata(ctx, store.FirstAdmin)
	return made == nil, err
}

// SetupToken returns a token with which the first admin can be made, for a day. It is worth nothing
// as soon as there is an admin. Every node accepts it, and nothing is kept for it: it is the time
// of its end, signed.
func (m *Manager) SetupToken() secret.Text {
	end := binary.BigEndian.AppendUint64(nil, uint64(m.parts.Now().Add(setupLife).Unix()))
	return secret.New(jose.EncodeBase64(append(end, m.setupMAC(end)...)))
}

// setupMAC returns the MAC over the end of a setup token.
func (m *Manager) setupMAC(end []byte) []byte {
	return m.parts.SetupKey.MAC(end)[:16]
}

// CheckSetup returns nil if a setup token can be used now. The fault is not_found for one that is
// not ours or too old, and setup_done if there is an admin.
func (m *Manager) CheckSetup(ctx context.Context, token secret.Text) error {
	raw, err := jose.DecodeBase64(token.Reveal())
	if err != nil || len(raw) != 24 || !hmac.Equal(raw[8:], m.setupMAC(raw[:8])) {
		return fault.New(fault.NotFound)
	}
	if m.parts.Now().Unix() >= int64(binary.BigEndian.Uint64(raw)) {
		return fault.New(fault.NotFound)
	}
	needed, err := m.NeedsAdmin(ctx)
	if err == nil && !needed {
		err = fault.New(fault.SetupDone)
	}
	return err
}

// SetUp makes the first admin for the holder of a setup token. Of any number of concurrent calls
// with the same token one succeeds. The faults are those of CheckSetup and of Create.
func (m *Manager) SetUp(ctx context.Context, by audit.Caller, token secret.Text, f Fresh) (Proof, error) {
	if err := m.CheckSetup(ctx, token); err != nil {
		return Proof{}, err
	}
	f.Roles = []string{store.RoleAdmin}
	return m.create(ctx, by, f, m.parts.Users.CreateFirstAdmin)
}
