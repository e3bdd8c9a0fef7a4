// Package socket makes Unix sockets that only their user can reach, on Linux.
package socket
