package session_test

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
)

// TestPick finds the token that counts among several that a jar shows at once, and changes nothing.
func TestPick(t *testing.T) {
	f := open(t)
	live, other, ended := f.signIn(ada), f.signIn(ada), f.signIn(ada)
	f.must(f.SignOut(t.Context(), by(ada, live.Session.ID), ended.Session.ID))
	worn := live.Refresh
	fresh := f.refreshed(worn)
	junk, bent := secret.New("hsr_x"), secret.New(fresh.Reveal()[:len(fresh.Reveal())-8]+"AAAAAAAA")
	var several []secret.Text
	for range 5 {
		several = append(several, f.signIn(ada).Refresh)
	}
	for name, test := range map[string]struct {
		shown []secret.Text
		want  secret.Text
	}{
		"junk alone":                   {[]secret.Text{junk, bent}, junk},
		"junk beside an ended one":     {[]secret.Text{junk, ended.Refresh, bent}, ended.Refresh},
		"junk beside a live one":       {[]secret.Text{junk, fresh, bent}, fresh},
		"an ended one and a live one":  {[]secret.Text{ended.Refresh, fresh}, fresh},
		"a live one and an ended one":  {[]secret.Text{fresh, ended.Refresh}, fresh},
		"of one session, older first":  {[]secret.Text{worn, fresh}, fresh},
		"of one session, newer first":  {[]secret.Text{fresh, worn}, fresh},
		"of one, and an ended session": {[]secret.Text{fresh, ended.Refresh, worn}, fresh},
		"of two live sessions":         {[]secret.Text{fresh, other.Refresh}, secret.Text{}},
		"of many sessions":             {several, secret.Text{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := f.Pick(t.Context(), test.shown)
			if err != nil || got.Reveal() != test.want.Reveal() {
				t.Errorf("Pick = %q, %v, want %q", got.Reveal(), err, test.want.Reveal())
			}
		})
	}
	f.now = f.now.Add(365 * 24 * time.Hour)
	got, err := f.Pick(t.Context(), []secret.Text{fresh, other.Refresh})
	if err != nil || got.Reveal() != fresh.Reveal() {
		t.Errorf("of sessions past their limits Pick = %q, %v, want the first", got.Reveal(), err)
	}
}
