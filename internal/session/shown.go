package session

import (
	"context"
	"slices"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/token"
)

// maxShown is how many sessions are looked up when a client shows tokens of several; of more, none
// is.
const maxShown = 4

// Pick returns the one of several refresh tokens, shown at once, that counts: the newest one of the
// only session among them that is live. Where none is live it is the first token of ours or,
// without any, the first. Where several are live nobody can tell whose turn it is, and it is empty.
// It changes nothing. shown is not empty.
func (m *Manager) Pick(ctx context.Context, shown []secret.Text) (secret.Text, error) {
	newest := m.newestOfEach(shown)
	switch {
	case len(newest) == 0:
		return shown[0], nil
	case len(newest) == 1:
		return newest[0].text, nil
	case len(newest) > maxShown:
		return secret.Text{}, nil
	}
	var live []secret.Text
	for _, one := range newest {
		s, err := m.parts.Store.Session(ctx, one.read.Session)
		switch {
		case fault.HasCode(err, fault.SessionNotFound):
		case err != nil:
			return secret.Text{}, err
		case s.Session.Over(m.parts.Now()) == "" && !s.User.Disabled():
			live = append(live, one.text)
		}
	}
	switch len(live) {
	case 0:
		return newest[0].text, nil
	case 1:
		return live[0], nil
	}
	return secret.Text{}, nil
}

// shownToken is a refresh token of ours and what it says.
type shownToken struct {
	text secret.Text
	read token.Refresh
}

// newestOfEach returns those of texts that are refresh tokens of ours, of each session the one of
// the highest generation: to present an older one would look like a theft. Of two alike the later
// in the list counts, which is the younger cookie. RFC 6265 §5.4
func (m *Manager) newestOfEach(texts []secret.Text) []shownToken {
	var newest []shownToken
	for _, text := range texts {
		read, err := m.parts.Refresh.ReadExpired(text)
		if err != nil {
			continue
		}
		same := func(one shownToken) bool { return one.read.Session == read.Session }
		switch i := slices.IndexFunc(newest, same); {
		case i < 0:
			newest = append(newest, shownToken{text, read})
		case read.Generation >= newest[i].read.Generation:
			newest[i] = shownToken{text, read}
		}
	}
	return newest
}
