package service

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// WatchKey returns a context that is cancelled when the key is revoked, for a stream that it holds
// open. A key that was revoked since it was checked is found by the next CloseRevoked. Call stop to
// release the context. The empty id, which no key has, is never revoked.
func (m *Manager) WatchKey(ctx context.Context, id store.ServiceID) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	if id == "" {
		return ctx, cancel
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	number := m.last
	if m.open[id] == nil {
		m.open[id] = map[int64]context.CancelFunc{}
	}
	m.open[id][number] = cancel
	return ctx, func() {
		cancel()
		m.mu.Lock()
		defer m.mu.Unlock()
		if delete(m.open[id], number); len(m.open[id]) == 0 {
			delete(m.open, id)
		}
	}
}

// closeStreams cancels the streams that a key holds open.
func (m *Manager) closeStreams(id store.ServiceID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, cancel := range m.open[id] {
		cancel()
	}
}

// CloseRevoked cancels the streams of keys that another node revoked. Called twice a second on
// every node, it asks the database only while a stream is open.
func (m *Manager) CloseRevoked(ctx context.Context) error {
	m.mu.Lock()
	idle := len(m.open) == 0
	m.mu.Unlock()
	if idle {
		return nil
	}
	all, err := m.parts.Store.ListServices(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Revoked() {
			m.closeStreams(s.ID)
		}
	}
	return nil
}

// NoteUses stores when keys were last used. It is called once a minute, so that no request waits
// for it; what an error leaves is stored the next time.
func (m *Manager) NoteUses(ctx context.Context) error {
	m.mu.Lock()
	uses := m.used
	m.used = map[store.ServiceID]time.Time{}
	for id := range m.open { // a stream is a use for as long as it is read
		uses[id] = m.parts.Now()
	}
	m.mu.Unlock()
	if len(uses) == 0 {
		return nil
	}
	err := m.parts.Store.NoteServiceUses(ctx, uses)
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		for id, at := range uses {
			if at.After(m.used[id]) {
				m.used[id] = at
			}
		}
	}
	return err
}
