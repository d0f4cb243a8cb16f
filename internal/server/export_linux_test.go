package server

// Turn is how long a thread keeps a core, in nanoseconds, once ShareFinely was called.
const Turn = uint64(turn)

// ShareFinely is shareFinely.
var ShareFinely = shareFinely
