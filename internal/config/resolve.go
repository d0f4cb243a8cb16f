package config

import "strings"

// resolve fills in what depends on other settings, and refuses what does not go together. A
// setting with a mistake of its own is left out, so that one slip is told once.
func (r *reader) resolve(c *Config) {
	r.resolveDatabase(c)
	r.resolveSession(c)
	r.resolveKey(c)
	r.resolveCookies(c)
	if c.Audience == "" {
		c.Audience = c.PublicURL.String()
	}
	if c.OpsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") && !r.noted("listen", "ops_listen") {
		r.together("ops_listen", wrong("is where listen is too",
			"give each a port of its own, or leave ops_listen empty"))
	}
}

// together notes a mistake of a setting that is good by itself.
func (r *reader) together(name string, err error) {
	source := "default"
	if v, given := r.given[name]; given {
		source = v.source
	}
	r.mistake(name, source, err)
}

// resolveDatabase reads the file that holds the value of database.
func (r *reader) resolveDatabase(c *Config) {
	if c.databaseFile == "" {
		return
	}
	if other, both := r.given["database"]; both {
		r.together("database_file", wrong("is set, and so is database ("+other.source+")", "keep one of the two"))
		return
	}
	text, err := readLimited(c.databaseFile)
	if err != nil {
		r.together("database_file", wrong("cannot be read: "+reason(err), "name a file that this user may read"))
		return
	}
	if c.Database, err = readDatabase(strings.TrimSpace(text)); err != nil {
		r.together("database_file", err)
		return
	}
	c.from["database"] = "the file of database_file"
}

// resolveSession applies the preset.
func (r *reader) resolveSession(c *Config) {
	if r.noted("session.preset") {
		return
	}
	c.Session.Limits = presets[c.Session.Preset]
	if c.Session.Recovery == "" {
		c.Session.Recovery = c.Session.recovery
	}
	longest := c.Session.longestAccess()
	if c.AccessTTL <= longest || r.noted("access_ttl") {
		return
	}
	if _, given := r.given["access_ttl"]; given {
		r.together("access_ttl", wrong(
			display(c.AccessTTL)+" is more than a sixth of the idle limit of session.preset "+c.Session.Preset+
				", which is "+display(c.Session.Idle), "set at most "+display(longest)))
		return
	}
	c.AccessTTL = longest
}

// resolveKey makes sure that there is one master key.
func (r *reader) resolveKey(c *Config) {
	file, both := r.given["master_key_file"]
	if c.MasterKey.Empty() {
		return
	}
	if both {
		r.together("master_key", wrong("is set, and so is master_key_file ("+file.source+")", "keep one of the two"))
	}
	c.MasterKeyFile = ""
}

// resolveCookies holds cookie.domain against public_url.
func (r *reader) resolveCookies(c *Config) {
	host := c.PublicURL.Hostname()
	switch {
	case c.CookieDomain == "" || r.noted("public_url"):
	case !c.PublicURL.IsHTTPS():
		r.together("cookie.domain", wrong("is set while public_url is plain http", "leave it empty, or use https"))
	case host != c.CookieDomain && !strings.HasSuffix(host, "."+c.CookieDomain):
		r.together("cookie.domain", wrong("is neither the host of public_url nor a parent domain of it ("+host+")",
			"browsers would drop the cookie; set a domain that "+host+" ends in, or none"))
	}
}
