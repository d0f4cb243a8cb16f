package password

// WatchDerivations makes see run at each computation, inside the lane.
func (h *Hasher) WatchDerivations(see func(password, salt []byte, p Params)) {
	h.testingOnlyDerive = see
}

// Waiting tells how many callers wait for a lane.
func (h *Hasher) Waiting() int { return int(h.waiting.Load()) }

// ParsePHC and the errors are for the tests of the codec.
var (
	ParsePHC = parsePHC
	ErrPHC   = errPHC
	ErrCost  = errCost
)
