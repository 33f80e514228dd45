namespace Polymath.Distillation;

/// <summary>What a distillation made.</summary>
/// <param name="Folder">The student's folder.</param>
/// <param name="Texts">Texts learned from.</param>
/// <param name="HeldOut">Texts kept out of training.</param>
/// <param name="Tokens">Tokens of the vocabulary.</param>
/// <param name="Parameters">Numbers that the student consists of.</param>
/// <param name="Steps">Training steps of both phases.</param>
/// <param name="Explained">Share of the variance of the teacher's vectors of the held-out texts that the student's predictions explain.</param>
public sealed record DistillationResult(string Folder, int Texts, int HeldOut, int Tokens, long Parameters, long Steps, double Explained);
