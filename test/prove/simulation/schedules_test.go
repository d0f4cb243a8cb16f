//go:build !race

package simulation

// usual is how many schedules are played where nothing else is asked for.
const usual = 10_000
