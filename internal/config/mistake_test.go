package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/config"
)

// update rewrites the golden files.
var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// badCases are settings that must not start a server: each line is NAME=value for the
// environment, a flag that begins with --, or "file: " and a line of the file.
var badCases = [][]string{
	{"HANDSTAMP_PUBLIC_URL=http://id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=http://192.168.1.7:8787"},
	{"HANDSTAMP_PUBLIC_URL=http://0.0.0.0:8787"},
	{"HANDSTAMP_PUBLIC_URL=http://localhost.example.com"},
	{"HANDSTAMP_PUBLIC_URL=http://127.1:8787"},
	{"HANDSTAMP_PUBLIC_URL=https://0x7f.0.0.1"},
	{"HANDSTAMP_PUBLIC_URL="},
	{"HANDSTAMP_PUBLIC_URL=id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=//id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https:/id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://"},
	{"HANDSTAMP_PUBLIC_URL=https:///auth"},
	{"HANDSTAMP_PUBLIC_URL=ftp://id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=HTTPS://id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://ID.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com/"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com/auth/"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com//auth"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com/a/../auth"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com/%61uth"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com\\auth"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com?tenant=1"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com/auth#top"},
	{"HANDSTAMP_PUBLIC_URL=https://admin@id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://admin:hunter2@id.example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com:443"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com:0443"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com:99999"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com:"},
	{"HANDSTAMP_PUBLIC_URL=https://id..example.com"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com."},
	{"HANDSTAMP_PUBLIC_URL=https://bücher.example"},
	{"HANDSTAMP_PUBLIC_URL=https://[::1"},
	{"HANDSTAMP_PUBLIC_URL=https://[2001:DB8::1]"},
	{"HANDSTAMP_PUBLIC_URL=https://id.example.com\r\nX-Evil: 1"},

	{"--listen=8787"},
	{"--listen=localhost"},
	{"--listen=http://localhost:8787"},
	{"--listen=localhost:http"},
	{"--listen=localhost:65536"},
	{"--listen=::1:8787"},
	{"--listen=no such host:8787"},
	{"--listen=:9000", "--ops-listen=:9000"},
	{"--ops-listen=8788"},

	{"--database="},
	{"--database=handstamp.db"},
	{"--database=sqlite:"},
	{"--database=sqlite:///var/lib/handstamp.db"},
	{"--database=sqlite::memory:"},
	{"--database=sqlite:file:x.db"},
	{"--database=sqlite:x.db?mode=ro"},
	{"--database=postgres:handstamp"},
	{"--database=postgres://handstamp:hunt er2@db.example.com/handstamp"},
	{"--database=postgres://handstamp:hunter2@db.example.com"},
	{"--database=postgres://handstamp:hunter2@db.example.com/"},
	{"--database=postgres://handstamp:hunter2@db.example.com/handstamp/x"},
	{"--database=postgres:///handstamp"},
	{"--database=postgres://handstamp@db.example.com/handstamp?password=hunter2"},
	{"--database=postgresql://handstamp:hunter2@db.example.com/handstamp#x"},
	{"--database=mysql://db.example.com"},

	{"HANDSTAMP_MASTER_KEY="},
	{"HANDSTAMP_MASTER_KEY=secret"},
	{"HANDSTAMP_MASTER_KEY=changeme"},
	{"HANDSTAMP_MASTER_KEY=hsm_AAAAAAAAAAAAAAAAAAAAAA"},
	{"HANDSTAMP_MASTER_KEY=hsm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
	{"HANDSTAMP_MASTER_KEY=hsm_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
	{"HANDSTAMP_MASTER_KEY=hsm_Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSBvaCE"},
	{"HANDSTAMP_MASTER_KEY=hsm_AQEBAQEBAQECAgICAgICAgMDAwMDAwMDBAQEBAQEBAQ"},
	{"HANDSTAMP_MASTER_KEY=hsm_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+"},
	{"HANDSTAMP_MASTER_KEY=hsm_k3rA8v1Zq9cW0xTn5LsYbM2dFg7HjPo4iUe6RtQwXyE", "--master-key-file=handstamp.key"},
	{"--master-key-file="},
	{"--master-key-file=hsm_k3rA8v1Zq9cW0xTn5LsYbM2dFg7HjPo4iUe6RtQwXyE"},

	{"--signup=opne"},
	{"--signup=verified"},
	{"--signup="},
	{"--signup=" + strings.Repeat("x", 300)},
	{"--signing-alg=es256"},
	{"--signing-alg=HS256"},
	{"--signing-alg=none"},

	{"--access-ttl=10"},
	{"--access-ttl=10 minutes"},
	{"--access-ttl=30s"},
	{"--access-ttl=16m"},
	{"--access-ttl=-5m"},
	{"--access-ttl=90500ms"},
	{"--access-ttl=5m", "--session-preset=aal3"},
	{"--access-ttl=11m", "--session-preset=aal2"},
	{"--session-preset=aal4"},
	{"--session-grace=31s"},
	{"--session-grace=500ms"},
	{"--session-recovery=on"},
	{"--audience=https://api.example.com https://b.example.com"},

	{"--allowed-origins=*"},
	{"--allowed-origins=null"},
	{"--allowed-origins=https://*.example.com"},
	{"--allowed-origins=https://app.example.com/"},
	{"--allowed-origins=https://app.example.com/path"},
	{"--allowed-origins=https://app.example.com:443"},
	{"--allowed-origins=http://app.example.com"},
	{"--allowed-origins=app.example.com"},
	{"--allowed-origins=htps://app.example.com"},
	{"--allowed-origins=capacitor://localhost/"},
	{"--allowed-origins=capacitor://"},
	{"--allowed-origins=tauri://localhost:x"},
	{"--allowed-origins=Capacitor://localhost"},
	{"--allowed-origins=file://"},
	{"--allowed-origins=https://a.example.com,https://B.example.com"},

	{"--trusted-proxies=10.0.0.0/33"},
	{"--trusted-proxies=proxy.example.com"},
	{"--trusted-proxies=0.0.0.0/0"},
	{"--trusted-proxies=::/0"},
	{"--trusted-proxies=10.1.2.3/8"},
	{"--trusted-proxies=::ffff:10.0.0.0/104"},
	{"--trusted-proxies=fe80::1%eth0"},

	{"--cookie-domain=example.com"},
	{"--public-url=https://id.example.com", "--cookie-domain=.example.com"},
	{"--public-url=https://id.example.com", "--cookie-domain=com"},
	{"--public-url=https://id.example.co.uk", "--cookie-domain=co.uk"},
	{"--public-url=https://me.github.io", "--cookie-domain=github.io"},
	{"--public-url=https://id.example.com", "--cookie-domain=example.org"},
	{"--public-url=https://id.example.com", "--cookie-domain=ample.com"},
	{"--public-url=https://id.example.com", "--cookie-domain=app.id.example.com"},
	{"--public-url=https://id.example.com", "--cookie-domain=Example.com"},
	{"--public-url=https://192.0.2.7", "--cookie-domain=192.0.2.7"},

	{"--log-level=verbose"},
	{"--log-level=warning"},
	{"--log-format=yaml"},

	{"HANDSTAMP_PUBLICURL=https://id.example.com"},
	{"HANDSTAMP_PUBLIC-URL=https://id.example.com"},
	{"HANDSTAMP_LOGLEVEL=debug"},
	{"HANDSTAMP_SESSION.PRESET=aal2"},
	{"HANDSTAMP_ZEBRA=1"},
	{"HANDSTAMP_PORT=8787"},
	{"HANDSTAMP_SERVICE_HOST=id.example.com"},
	{"HANDSTAMP_=1"},
	{"HANDSTAMP_CONFIG=/no/such/handstamp.toml"},
	{"--config=/"},

	{"file: public-url = \"https://id.example.com\""},
	{"file: Listen = \":8787\""},
	{"file: access_ttl = 10"},
	{"file: access_ttl = 10m"},
	{"file: signup = true"},
	{"file: allowed_origins = \"https://app.example.com\""},
	{"file: allowed_origins = [1, 2]"},
	{"file: trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]"},
	{"file: [session]", "file: present = \"aal2\""},
	{"file: [sesion]", "file: preset = \"aal2\""},
	{"file: \"session.preset\" = \"aal2\""},
	{"file: [public_url]", "file: host = \"id.example.com\""},
	{"file: [[session]]", "file: preset = \"aal2\""},
	{"file: [mail]"},
	{"file: log = \"debug\""},
	{"file: listen = \":1\"", "file: listen = \":2\""},
	{"file: listen"},
	{"file: listen = \":1\" # caf\xff"},
	{"file: master_key = 7"},

	{"--listen=x", "HANDSTAMP_SIGNUP=x", "HANDSTAMP_MASTER_KEYS=x", "file: access_ttl = \"x\"",
		"file: log.colour = \"x\"", "--public-url=http://id.example.com"},
}

// TestMistakes holds every message to what the golden file says.
func TestMistakes(t *testing.T) {
	var got strings.Builder
	for _, lines := range badCases {
		for _, line := range lines {
			got.WriteString("> " + hideControls(line) + "\n")
		}
		_, err := config.Load(sourcesOf(t, lines))
		if err == nil {
			t.Errorf("Load(%q) = nil, want mistakes", lines)
			continue
		}
		got.WriteString(err.Error() + "\n\n")
	}
	compareGolden(t, "mistakes.golden", got.String())
}

// hideControls keeps the golden file text that any editor shows.
func hideControls(line string) string {
	return strings.ToValidUTF8(strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(line), `\xff`)
}

// sourcesOf takes the lines of a case apart. The file is named relative to a fresh folder, so
// that messages do not depend on where the test runs.
func sourcesOf(t *testing.T, lines []string) config.Sources {
	t.Helper()
	var src config.Sources
	var args, file []string
	for _, line := range lines {
		text, inFile := strings.CutPrefix(line, "file: ")
		switch {
		case inFile:
			file = append(file, text)
		case strings.HasPrefix(line, "--"):
			args = append(args, line)
		default:
			src.Environ = append(src.Environ, line)
		}
	}
	src.Flags = mustFlags(t, args...)
	if file != nil {
		t.Chdir(t.TempDir())
		src.File = "handstamp.toml"
		if err := os.WriteFile(src.File, []byte(strings.Join(file, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return src
}

// testdata is where golden files are, also after the test went to another folder.
var testdata = func() string {
	folder, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	return folder
}()

// compareGolden compares with a golden file, or rewrites it.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(testdata, name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", name, diff)
	}
}

// FuzzFile reads any file: it ends in settings or in mistakes, and never in a message that
// holds the key that the seeds have.
func FuzzFile(f *testing.F) {
	const key = "k3rA8v1Zq9cW0xTn5LsYbM2dFg7HjPo4iUe6RtQwXyE"
	for _, lines := range badCases {
		var file []string
		for _, line := range lines {
			if text, inFile := strings.CutPrefix(line, "file: "); inFile {
				file = append(file, text)
			}
		}
		if file != nil {
			f.Add(strings.Join(file, "\n"))
		}
	}
	f.Add("master_key = \"hsm_" + key + "\"\nlisten = \":1\"\n")
	f.Add("master_key = \"\"\"hsm_" + key)
	f.Add("master_key = hsm_" + key)
	f.Add("[session]\npreset = \"aal3\"\ngrace = \"0s\"\n[log]\nlevel = \"debug\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.LoadTOML(text)
		switch {
		case err == nil && c.PublicURL.String() == "":
			t.Errorf("LoadTOML(%q) gives half a Config", text)
		case err != nil && strings.Contains(err.Error(), key) && strings.Contains(text, "master_key"):
			t.Errorf("LoadTOML(%q) shows the key: %v", text, err)
		}
	})
}
