"""Rooms full of listeners while every part of the stack dies, and every network fails, at random."""
