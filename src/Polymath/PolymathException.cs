namespace Polymath;

/// <summary>
/// Something that the user can put right: a file that is missing or broken, an option out of range, a model that does not fit.
/// The message is one line that says what, where (file, line, column, tensor name), what was expected and what to do.
/// The command line prints it and leaves with exit code 2.
/// </summary>
public class PolymathException : Exception
{
    /// <summary>Creates the error with its one-line message.</summary>
    public PolymathException(string message) : base(message) { }

    /// <summary>Creates the error with its one-line message and what led to it.</summary>
    public PolymathException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Creates the error without a message; present for serialisers and analyzers only.</summary>
    public PolymathException() { }
}
