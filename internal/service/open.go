package service

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// WatchKey returns a context that ends when the key is revoked, or was since it was checked, for what
// it holds open; done lets go of it. The empty id, which no key has, is never revoked.
func (m *Manager) WatchKey(ctx context.Context, id store.ServiceID) (_ context.Context, done func()) {
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

// end ends what a key holds open.
func (m *Manager) end(id store.ServiceID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, cancel := range m.open[id] {
		cancel()
	}
}

// CloseRevoked ends what keys hold open that were revoked elsewhere. Called twice a second on every
// node, it asks the database only while something is open.
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
			m.end(s.ID)
		}
	}
	return nil
}

// NoteUses keeps when keys were used last. Called once a minute, it is never in the way of a request;
// what an error leaves is kept the next time.
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
