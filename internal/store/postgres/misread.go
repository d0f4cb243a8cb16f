package postgres

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// CheckURL returns an error unless a URL can be understood. It reaches for nothing.
func CheckURL(url string) error {
	_, err := configure(url)
	return err
}

// misreadings maps what pgx says about a part of a URL, or about a variable such as PGPORT, to what
// we say.
var misreadings = []struct{ says, say string }{
	{"sslmode is invalid", "sslmode is none of disable, allow, prefer, require, verify-ca and verify-full"},
	{"unable to read CA file", "the file of sslrootcert cannot be read"},
	{"unable to add CA", "the file of sslrootcert holds no certificate"},
	{"unable to read cert", "the file of sslcert cannot be read"},
	{"unable to read sslkey", "the file of sslkey cannot be read"},
	{`"sslcert" and "sslkey"`, "of sslcert and sslkey there is one without the other"},
	{"configure TLS", "sslmode, sslrootcert, sslcert, sslkey and sslpassword do not go together"},
	{"invalid port", "the port is no number from 1 to 65535"},
	{"port numbers to", "there are not as many ports as hosts"},
	{"connect_timeout", "connect_timeout is no number of seconds"},
	{"target_session_attrs", "target_session_attrs is not understood"},
	{"failed to read service", "the service is not in the file of services"},
	{"pool_", "a parameter pool_... is not understood"},
	{"cache_capacity", "a parameter ..._cache_capacity is not understood"},
}

// misread says what is wrong with a URL or with the variables beside it. pgx quotes the URL,
// without what it takes for the password, and single values as they are. We quote nothing: which
// part of a URL that is not understood is the password, nobody knows.
func misread(err error) error {
	parse, ok := errors.AsType[*pgconn.ParseConfigError](err)
	if !ok {
		return errors.New("open database: its URL is not understood")
	}
	part := *parse
	part.ConnString = "" // so that what it says is about the part alone
	for _, m := range misreadings {
		if !strings.Contains(part.Error(), m.says) {
			continue
		}
		if file, ok := errors.AsType[*fs.PathError](err); ok {
			return errors.New("open database: " + m.say + ": " + file.Err.Error())
		}
		return errors.New("open database: " + m.say)
	}
	return errors.New("open database: a parameter of its URL is not understood")
}
