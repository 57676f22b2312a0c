import pytest

from buffers import UnknownBufferError
from cubie_cli.documents.messages import UserError
from cubie_cli.kernels.user_errors import as_user_errors


@pytest.mark.parametrize(("key", "line"), [("newton.delta", 9), ("linear.*", 7)])
def test_a_buffer_that_is_not_there_has_its_place_whether_quoted_or_not(files, key, line):
    files.append_run('[buffers]\n"linear.*" = "persistent"\ndefault = "local"\nnewton.delta = "shared"\n')
    with pytest.raises(UserError) as caught, as_user_errors(files.load()):
        raise UnknownBufferError(key, ("newton.residual",), None)
    assert (caught.value.line, caught.value.file) == (line, str(files.run))
