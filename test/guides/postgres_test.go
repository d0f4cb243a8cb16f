package guides

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/repo"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// move is the move of docs/guide-postgres.md: the old machine, and what comes in its place.
type move struct {
	t       *testing.T
	site    site
	names   *strings.Replacer // the guide's names → what is here
	env     []string
	super   string // the superuser's URL
	old     unit
	nodes   []unit
	shell   *terminal
	printed string // by the last block
}

// unit is a program as systemd keeps it: it can be stopped and started again.
type unit struct {
	*programtest.Program
	t *testing.T
}

// newUnit starts a command that listens on an address. It is stopped when the test ends, if not
// before.
func (m *move) newUnit(address, command string) unit {
	m.t.Helper()
	p := &programtest.Program{Folder: root, Env: m.env, Address: address}
	p.Command = []string{"bash", "-c", "exec env " + command}
	u := unit{p, m.t}
	m.t.Cleanup(u.stop)
	u.start()
	return u
}

// start starts the program and waits until it listens.
func (u unit) start() {
	u.t.Helper()
	if err := u.Start(); err != nil {
		u.t.Fatal(err)
	}
}

// stop stops the program in good order, if it runs.
func (u unit) stop() {
	if err := u.Stop(); err != nil {
		u.t.Error(err)
	}
}

// newMove brings up the old machine, and a PostgreSQL with nothing in it.
func newMove(t *testing.T) *move {
	t.Helper()
	m := &move{t: t, site: site{server: freeAddress(t), proxy: freeAddress(t), folder: t.TempDir()}}
	m.site.certify(t)
	if err := programtest.Build(m.site.folder, "cmd/handstamp"); err != nil {
		t.Fatal(err)
	}
	database := postgrestest.Options{NoSync: true}.Start(t)
	m.super = database.URL("postgres")
	one, two, ops, ops2 := freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	m.names = strings.NewReplacer(
		"db.example.com:5432", database.Address(), "?sslmode=verify-full", "",
		"10.0.0.11:8787", one, "10.0.0.11:8788", ops, "10.0.0.12:8787", two, "10.0.0.12:8788", ops2,
		"10.0.0.5", "127.0.0.1",
		"/etc/handstamp", m.site.folder, "/var/lib/handstamp", m.site.folder, "listen 443", "listen "+m.site.proxy,
		"/etc/ssl/id.example.com.pem", m.site.cert, "/etc/ssl/id.example.com.key", m.site.key,
		"handstamp.dump", filepath.Join(m.site.folder, "handstamp.dump"),
	)
	programs := m.site.folder + ":" + filepath.Dir(postgresPrograms(t))
	m.env = []string{"PATH=" + programs + ":" + os.Getenv("PATH"), "HANDSTAMP_LOG_LEVEL=error"}
	m.old = m.newUnit(m.site.server, "handstamp serve --listen "+m.site.server+" --ops-listen ''"+
		" --public-url https://"+publicHost+" --trusted-proxies 127.0.0.1"+
		" --database sqlite:"+m.site.folder+"/handstamp.db --master-key-file "+m.site.folder+"/handstamp.key")
	m.shell = openTerminal(t)
	m.shell.run("export " + strings.Join(m.env, " ") + "; sudo() { \"$@\"; }")
	return m
}

// postgresPrograms returns the path of psql.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Fatal("psql is missing; as root on Debian: apt-get install postgresql")
	}
	return path
}

// asSuperuser runs statements.
func (m *move) asSuperuser(sql string) {
	m.t.Helper()
	cmd := exec.Command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", m.super)
	cmd.Stdin = strings.NewReader(sql)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("psql: %v\n%s", err, out)
	}
}

// run runs a block of commands, where systemctl is about the programs here.
func (m *move) run(text string) {
	m.t.Helper()
	m.printed = ""
	for line := range strings.Lines(text) {
		command, comment, _ := strings.Cut(strings.TrimSpace(line), "#")
		units := m.nodes
		if len(units) > 0 && !strings.Contains(comment, "every node") {
			units = units[:1]
		}
		switch strings.TrimSpace(command) {
		case "sudo systemctl disable --now handstamp":
			m.old.stop()
		case "sudo systemctl stop handstamp":
			for _, u := range units {
				u.stop()
			}
		case "sudo systemctl start handstamp":
			for _, u := range units {
				u.start()
			}
		default:
			m.printed += m.shell.run(line)
		}
	}
}

// startProxy runs nginx with the guide's block.
func (m *move) startProxy(block string) {
	m.t.Helper()
	temps := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temps += kind + "_temp_path " + filepath.Join(m.site.folder, kind) + ";\n"
	}
	file := m.site.writeNginx(m.t, temps+block)
	background(m.t, "PATH=$PATH:/usr/sbin exec nginx -e stderr -c "+file, nil)
	awaitAnswer(m.t, m.site.proxy)
}

// do does what one block says.
func (m *move) do(b repo.Block) {
	m.t.Helper()
	text := m.names.Replace(b.Text)
	switch b.Info {
	case "sql":
		m.asSuperuser(text)
	case "toml":
		m.site.write(m.t, "handstamp.toml", text)
	case "bash":
		m.run(text)
	case "bash terminal":
		_, after, _ := strings.Cut(text, "--listen ")
		m.nodes = append(m.nodes, m.newUnit(strings.Fields(after)[0], strings.TrimSpace(text)))
	case "nginx":
		m.startProxy(text)
	case "text":
		if !likeness(text).MatchString(space.ReplaceAllString(m.printed, "")) {
			m.t.Errorf("docs/guide-postgres.md:%d: got\n%s\nwant\n%s", b.Line, m.printed, text)
		}
	default:
		m.t.Errorf("docs/guide-postgres.md:%d: a block of %q, which this test does not know", b.Line, b.Info)
	}
}

// phone is a program of a visitor, who stays signed in whatever happens.
type phone struct {
	t       *testing.T
	refresh string // the token
	times   int    // it has refreshed
}

// ask sends a request and takes the refresh token out of its answer.
func (p *phone) ask(as *handstamptest.Person, path, body string, want int) {
	p.t.Helper()
	p.refresh = as.Do("POST", path, body).Want(want).Text("refresh_token")
}

// signUp signs up with the old machine, behind its proxy.
func (p *phone) signUp(s site) {
	p.t.Helper()
	body := `{"email":"ada@example.com","password":"violet teapots orbit quietly"}`
	old := handstamptest.NewPerson("http://"+s.server, "a program").Through(p.t, http.DefaultTransport)
	p.ask(old, "/v1/users", body, http.StatusCreated)
}

// refreshes refreshes through the new machines' proxy.
func (p *phone) refreshes(s site) {
	p.t.Helper()
	p.times++
	body := `{"refresh_token":"` + p.refresh + `"}`
	as := s.visitor(p.t)
	as.Header.Del("Origin")
	p.ask(as, "/v1/session/refresh", body, http.StatusOK)
}

// TestPostgres walks through docs/guide-postgres.md. A visitor who signed up before is never
// signed out, and every block does what the guide says.
func TestPostgres(t *testing.T) {
	t.Parallel()
	m, p := newMove(t), &phone{t: t}
	p.signUp(m.site)
	for _, b := range readGuide(t, "guide-postgres.md") {
		m.do(b)
		if b.Info == "nginx" || p.times > 0 {
			p.refreshes(m.site)
		}
	}
	if len(m.nodes) != 2 || p.times < 6 {
		t.Errorf("the guide starts %d nodes, and a visitor refreshes %d times, want 2 and 6 or more",
			len(m.nodes), p.times)
	}
	m.nodes[0].stop()
	for range 4 { // whichever node it would have been
		p.refreshes(m.site)
	}
}
