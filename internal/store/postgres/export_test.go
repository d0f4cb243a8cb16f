package postgres

// RotateSQL is the statement of refreshes.
var RotateSQL = rotateSQL
