package browser_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// dev is `handstamp dev`, running.
type dev struct {
	app, issuer string
	passwords   map[string]string // user → password
}

// startDev builds and runs it until the test ends, as README.md says.
func startDev(t *testing.T) dev {
	t.Helper()
	folder := t.TempDir()
	if err := programtest.Build(folder, "cmd/handstamp"); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(
		filepath.Join(folder, "handstamp"), "dev", "--listen", "127.0.0.1:0", "--app-listen", "127.0.0.1:0",
	)
	said, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Signal(syscall.SIGTERM)
		run.Wait()
	})
	return readWelcome(t, bufio.NewScanner(said))
}

// readWelcome reads where to click, up to the last line.
func readWelcome(t *testing.T, lines *bufio.Scanner) dev {
	t.Helper()
	var all strings.Builder
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		all.WriteString(lines.Text() + "\n")
	}
	find := func(pattern string) string {
		t.Helper()
		found := regexp.MustCompile(pattern).FindStringSubmatch(all.String())
		if found == nil {
			t.Fatalf("dev does not say %s:\n%s", pattern, all.String())
		}
		return found[1]
	}
	d := dev{
		app: find(`sample app +(http://\S+)/\n`), issuer: find(`your devices +(http://\S+)/account/sessions\n`),
		passwords: map[string]string{},
	}
	for _, user := range []string{"ada", "grace"} {
		d.passwords[user] = find(user + `@example.com +password (\S+)`)
	}
	return d
}

// TestDev is the minute that README.md promises: open a protected app, sign in, come back;
// sign in on a second device and end it from the first; the second is told why. With
// scripts and without.
func TestDev(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	t.Run("with scripts", func(t *testing.T) {
		d.signInTwice("ada", newProfile(t, d.issuer, d.app), newProfile(t, d.issuer, d.app))
	})
	t.Run("without scripts", func(t *testing.T) {
		d.signInTwice(
			"grace", newProfile(t, d.issuer, d.app).withoutScripts(),
			newProfile(t, d.issuer, d.app).withoutScripts(),
		)
	})
}

// signInTwice has a user sign in on two devices.
func (d dev) signInTwice(user string, first, second *profile) {
	first.t.Helper()
	home, email, password := d.app+"/", user+"@example.com", d.passwords[user]
	signIn := query("/signin", "return_to", home)
	second.as(phone)
	for _, p := range []*profile{first, second} {
		p.follow(home, signIn)
		p.shows("to continue to " + strings.TrimPrefix(d.app, "http://"))
		p.signIn(email, password, home)
		p.shows("Hello, ", email)
	}
	first.click("Your account and devices", "/account")
	first.click("Devices", "/account/sessions")
	first.shows("One other session", "Safari on iOS")
	first.press("End the session on Safari on iOS", "/account/sessions?done=ended")
	first.hides("Safari on iOS")

	second.follow(home, query("/signin", "reason", "ended_by_user", "return_to", home))
	second.shows("This session was ended from Chrome on Linux.")
	second.signIn(email, password, home)
	second.press("Sign out", "/signin?reason=signed_out") // the app's own button
	second.shows("You are signed out.")
	first.visit(home)
	first.shows("Hello, ", email)
	if first.scripts { // which judge the page
		first.inspect(state{"sample_app", func(p *profile) { p.visit(home) }})
	}
}
