package notice_test

import (
	"errors"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/notice"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// TestPage draws every state.
func TestPage(t *testing.T) {
	refused := func(code fault.Code) notice.View {
		return notice.NewView(pagestest.Frame(""), fault.New(code), "req_1")
	}
	hostile := notice.View{
		Frame: pagestest.Frame("Hostile"), Heading: pagestest.Hostile, Say: pagestest.Hostile,
		Advice: []string{pagestest.Hostile}, Check: []string{pagestest.Hostile},
		Ways: []notice.Way{{Say: pagestest.Hostile, URL: "javascript:alert(1)"}},
		Code: pagestest.Hostile, RequestID: pagestest.Hostile,
	}
	signedIn := refused(fault.SessionNotFound)
	signedIn.SignOut = true
	notSaved := notice.NotSaved(pagestest.Frame(""), fault.New(fault.TokenExpired), "req_1", "/account/security")
	pagestest.Golden(t, notice.Page, []pagestest.State[notice.View]{
		{Name: "not_found", View: refused(fault.NotFound)},
		{Name: "internal", View: refused(fault.InternalError)},
		{Name: "cross_origin", View: refused(fault.CrossOrigin)},
		{Name: "signed_in", View: signedIn},
		{Name: "not_saved", View: notSaved},
		{Name: "hostile", View: hostile},
	})
}

// TestNewView returns every fault that there is a heading and a sentence, and never its cause.
func TestNewView(t *testing.T) {
	for _, entry := range fault.Catalogue() {
		t.Run(string(entry.Code), func(t *testing.T) {
			f := fault.New(entry.Code).Because(errHidden)
			page, err := notice.Page.HTML(notice.NewView(pagestest.Frame(""), f, "req_1"))
			if err != nil {
				t.Fatal(err)
			}
			pagestest.Sound(t, page)
			pagestest.Shows(t, page, entry.Say, string(entry.Code), "req_1")
			pagestest.Hides(t, page, errHidden.Error())
		})
	}
}

// errHidden is a cause that no page may show.
var errHidden = errors.New("table sessions in /var/lib/handstamp.db is locked")
