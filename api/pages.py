"""The pages and their files."""

from fastapi import APIRouter

router = APIRouter()
