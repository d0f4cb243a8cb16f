package user

// Normal is normal, for tests.
var Normal = normal
