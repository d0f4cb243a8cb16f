//go:build race

package simulation

// usual is smaller under the race detector, which takes ten times as long and has nothing to
// find: a schedule is one goroutine.
const usual = 500
