package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/config"
)

// TestShow prints every setting with its source.
func TestShow(t *testing.T) {
	c := mustLoad(t, config.Sources{
		Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey, "HANDSTAMP_SESSION_PRESET=aal3"},
		Flags: mustFlags(t, "--public-url=https://id.example.com/auth",
			"--allowed-origins=https://a.example.com,https://b.example.com"),
	})
	var got strings.Builder
	if err := c.Show(&got); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "show.golden", got.String())
}

// TestReference holds the document to the settings: each is there with its flag and its
// variable, and the example file is what the server does without one.
func TestReference(t *testing.T) {
	var doc strings.Builder
	if err := config.WriteReference(&doc); err != nil {
		t.Fatal(err)
	}
	for _, names := range config.Names() {
		for _, want := range []string{"## " + names[0] + "\n", "`--" + names[1] + "`", "`" + names[2] + "`"} {
			if want != "`--`" && !strings.Contains(doc.String(), want) {
				t.Errorf("the reference lacks %q", want)
			}
		}
	}
	_, example, _ := strings.Cut(doc.String(), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	c, err := config.LoadTOML(example)
	if err != nil {
		t.Fatalf("the example file has mistakes: %v", err)
	}
	if diff := cmp.Diff(valuesOnly(mustLoad(t, config.Sources{})), valuesOnly(c)); diff != "" {
		t.Errorf("the example file is not the default (-default +example):\n%s", diff)
	}
}

// valuesOnly returns the settings in effect without their sources.
func valuesOnly(c *config.Config) map[string]string {
	values := map[string]string{} // setting → value
	for _, v := range c.Values() {
		values[v.Name] = v.Value
	}
	return values
}

// TestShowDatabase shows where data is kept, and no password.
func TestShowDatabase(t *testing.T) {
	tests := []struct{ given, shown string }{
		{"sqlite:data/x.db", "sqlite:data/x.db"},
		{"postgres://ada:hunter2@db.example.com/x", "postgres://ada:(secret)@db.example.com/x"},
		{"postgresql://ada:@db.example.com/x", "postgresql://ada:(secret)@db.example.com/x"},
		{"postgres://ada@a:5433,b:5434/x?target_session_attrs=read-write",
			"postgres://ada@a:5433,b:5434/x?target_session_attrs=read-write"},
		{"postgres://ada:p%40ss@a:5433,b/x", "postgres://ada:(secret)@a:5433,b/x"},
		{"postgres://db/x", "postgres://db/x"},
		{"postgres:///x?host=/run/postgresql", "postgres:///x?host=/run/postgresql"},
	}
	for _, tt := range tests {
		c := mustLoad(t, config.Sources{Flags: mustFlags(t, "--database="+tt.given)})
		if got := valuesOnly(c)["database"]; got != tt.shown {
			t.Errorf("database = %s, want %s", got, tt.shown)
		}
		if c.Database.Engine == config.EnginePostgres && c.Database.URL.Reveal() != tt.given {
			t.Errorf("URL = %s, want %s", c.Database.URL.Reveal(), tt.given)
		}
	}
}
