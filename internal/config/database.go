package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/handstamp/handstamp/internal/secret"
)

// The engines that there are.
const (
	EngineSQLite   = "sqlite"   // one file, one server
	EnginePostgres = "postgres" // any number of servers
)

// Database says where data is kept.
type Database struct {
	Engine string      // EngineSQLite or EnginePostgres
	Path   string      // of the file; empty but with SQLite
	URL    secret.Text // as it was set, it may hold a password; empty but with PostgreSQL
}

// String returns the database as it was set, without the password.
func (d Database) String() string {
	if d.Engine != EnginePostgres {
		return d.Engine + ":" + d.Path
	}
	u, err := parsePostgres(d.URL.Reveal())
	if err != nil { // readDatabase has refused it
		return d.Engine + "://(secret)"
	}
	shown := u.Scheme + "://"
	if u.User != nil {
		shown += u.User.Username()
		if _, has := u.User.Password(); has {
			shown += ":(secret)"
		}
		shown += "@"
	}
	shown += u.Host + u.Path
	if u.RawQuery != "" {
		shown += "?" + u.RawQuery
	}
	return shown
}

// Place is String with the whole path of a file, for people who may be in another folder than they
// think.
func (d Database) Place() string {
	if d.Engine != EngineSQLite {
		return d.String()
	}
	path, err := filepath.Abs(d.Path)
	if err != nil {
		return d.String()
	}
	return d.Engine + ":" + path
}

// readDatabase reads sqlite:path or a URL of PostgreSQL.
func readDatabase(text string) (Database, error) {
	const hint = "write sqlite: and a path, like sqlite:/var/lib/handstamp/handstamp.db, " +
		"or postgres://user:password@host/database"
	engine, path, found := strings.Cut(text, ":")
	switch {
	case engine == "postgres" || engine == "postgresql":
		return readPostgres(text)
	case !found || engine != EngineSQLite:
		return Database{}, wrong("begins with neither sqlite: nor postgres://", hint)
	case path == "":
		return Database{}, wrong("names no file", hint)
	case strings.HasPrefix(path, "//"):
		return Database{}, wrong("is a URL, not a path", "leave out the // after sqlite:")
	case strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:"):
		return Database{}, wrong("is not the path of a file: "+
			"users and sessions would be gone with the process", hint)
	case strings.ContainsAny(path, "?\x00"):
		return Database{}, wrong("has a query",
			"leave out the ? and what follows: how the file is opened is not a setting")
	}
	return Database{Engine: EngineSQLite, Path: path}, nil
}

// parsePostgres takes a URL apart. It may name several hosts with commas between them, of which
// net/url knows nothing: then Host is all of them.
func parsePostgres(text string) (u *url.URL, err error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return nil, errors.New("no URL")
	}
	end := strings.IndexAny(rest+"/", "/?#")
	authority, after := rest[:end], rest[end:]
	at := strings.LastIndexByte(authority, '@') + 1
	login, hosts := authority[:at], authority[at:]
	if strings.Contains(hosts, "%") { // a unix socket: %2Frun%2Fpostgresql, as libpq writes it
		if hosts, err = url.PathUnescape(hosts); err != nil {
			return nil, err
		}
		if u, err = url.Parse(scheme + "://" + login + after); err == nil {
			u.Host = hosts
		}
		return u, err
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if u, err = url.Parse(scheme + "://" + login + host + after); err != nil {
			return nil, err
		}
	}
	u.Host = hosts
	return u, nil
}

// readPostgres reads a URL of PostgreSQL. No message quotes it: where it is not well formed, nobody
// can tell which part of it is the password.
func readPostgres(text string) (Database, error) {
	const hint = "write postgres://user:password@host:port/database; in user and password, " +
		"write every character but letters and digits as % and two hexadecimal digits"
	u, err := parsePostgres(text)
	switch {
	case err != nil || u.Fragment != "":
		return Database{}, wrong("is not a URL of PostgreSQL", hint)
	case u.Host == "" && u.Query().Get("host") == "":
		return Database{}, wrong("names no host", hint)
	case strings.Trim(u.Path, "/") == "" || strings.Contains(u.Path[1:], "/"):
		return Database{}, wrong("names no database", hint)
	}
	for name := range u.Query() {
		if strings.Contains(name, "password") {
			return Database{}, wrong("has a password in its query, which would be shown",
				"write the password before the @")
		}
	}
	if strings.HasPrefix(u.Host, "/") { // what reads URLs knows a socket by host= alone
		query := u.Query()
		query.Set("host", u.Host)
		u.Host, u.RawQuery = "", query.Encode()
		text = u.String()
	}
	return Database{Engine: EnginePostgres, URL: secret.New(text)}, nil
}
