package keyset

// TestingOnlyWake is what a token does that names kid and did not find it a moment ago. It reports
// whether that has the keys fetched.
func (k *Remote) TestingOnlyWake(kid string) bool { return k.wake(kid) != nil }

// TestingOnlyClose ends the goroutine.
func (k *Remote) TestingOnlyClose() { k.close() }
