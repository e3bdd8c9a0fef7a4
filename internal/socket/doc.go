// Package socket makes Unix sockets that only their user can reach, on Linux.
package socket

// Longest is how many bytes the path of a socket may have for those who connect to it:
// sockaddr_un holds 108, one of which ends it.
const Longest = 107
